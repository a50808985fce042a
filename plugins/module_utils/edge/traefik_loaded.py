"""What a Traefik has loaded of its configuration, as its API says, and what it should have.

Place in the pipeline: target, used by ``traefik``. After a reload, only its API says when Traefik has read its files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import RELEASE_HEADER
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import text_or_none
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: Files that the host writes: the containers, and who gets through.
UPSTREAMS, MAINTENANCE = "upstreams.yml", "maintenance.yml"
#: Middlewares: who gets through, when others may try again, and who gets an answer to a health check.
DOOR, OPENS_AFTER, HEALTH = "maintenance-door", "maintenance-opens-after", "health"
_COMMAND = 'wget -q -O - "http://127.0.0.1:$(cat /tmp/port)/api/rawdata"'


@dataclass(frozen=True)
class Loaded:
    """What changes in a configuration while Traefik runs.

    ``servers``: URLs by service, or parts with their weights. ``doors``: the middlewares of maintenance by name.
    """

    release: str = "no release"
    servers: Mapping[str, list[str]] = field(default_factory=dict)
    doors: Mapping[str, Any] = field(default_factory=dict)


def live(home: Home, release: str = "") -> Loaded:
    """Return what the live configuration has. :param release: the one that it is of."""
    folder = home.edge / "current"
    services = json.loads((folder / UPSTREAMS).read_text(encoding="utf-8"))["http"]["services"]
    # A version of this collection before maintenance has written no such file.
    text = text_or_none(folder, MAINTENANCE)
    return Loaded(release, _servers(services), _doors(json.loads(text)["http"]["middlewares"] if text else {}))


def loaded(container: Container) -> Loaded:
    """Return what a running Traefik has."""
    try:
        answer = json.loads(container_exec.execute(container.id, ["sh", "-c", _COMMAND]))
    except (DockerError, ValueError):
        return Loaded()
    services, middlewares = (_of_files(answer.get(section) or {}) for section in ("services", "middlewares"))
    release = middlewares.get("release", {}).get("headers", {}).get("customResponseHeaders", {}).get(RELEASE_HEADER)
    return Loaded(release or "no release", _servers(services), _doors(middlewares))


def _of_files(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return what files have defined, by name. Traefik adds where it is from."""
    suffix = "@file"
    return {name[: -len(suffix)]: value for name, value in section.items() if name.endswith(suffix)}


def _servers(services: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: sorted(_parts(service)) for name, service in services.items()}


def _parts(service: Mapping[str, Any]) -> Iterator[str]:
    """Yield the URLs of a service, or its parts with their weights during a canary."""
    if "weighted" in service:
        yield from (f"{part['name']}={part['weight']}" for part in service["weighted"]["services"])
    else:
        yield from (server["url"] for server in service["loadBalancer"].get("servers") or [])


def _doors(middlewares: Mapping[str, Any]) -> dict[str, Any]:
    """Return the networks that get through each door, and when it opens."""
    opens = {name: one["headers"]["customResponseHeaders"] for name, one in middlewares.items() if name == OPENS_AFTER}
    networks = {
        name: one["ipAllowList"]["sourceRange"] for name, one in middlewares.items() if name.startswith((DOOR, HEALTH))
    }
    return {**networks, **opens}
