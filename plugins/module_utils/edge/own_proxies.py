"""Proxies of a team's own, which look up the names in their configuration once: told when services behind them move.

Place in the pipeline: target, switch, finalize and the way back. The edge of the kind nginx is another matter
(``edge``); such a proxy knows services by their names, which stand for all of their containers, the old and the new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

#: By the proxy's program, the command inside that has it read its configuration again and look names up, without
#: closing a connection; none for one that does so when its main process is hung up on, as in the images' own.
#: A program that is not here looks names up by itself, for every connection or all the time.
_RELOADS: dict[str, tuple[str, ...]] = {
    "nginx": ("nginx", "-s", "reload"),
    "openresty": ("openresty", "-s", "reload"),
    "httpd": ("httpd", "-k", "graceful"),
    "haproxy": (),
}


def needs_reload(spec: Mapping[str, Any]) -> bool:
    """Return whether a service is a proxy that has to be told when others have moved."""
    return spec.get("own_proxy") in _RELOADS


def reload_proxies(
    services: Mapping[str, Mapping[str, Any]], containers: ProjectContainers, journal: Journal, step: str
) -> None:
    """Have every proxy of a release look its names up again.

    :param services: the entries of the manifest.
    :raises RolloutFailed: for one that refuses its configuration now.
    """
    proxies = [name for name, spec in services.items() if needs_reload(spec)]
    found = containers.find() if proxies else {}
    for name in proxies:
        ids = [container.id for container in found.get(name, []) if container.state == "running"]
        if not ids:
            continue
        with journal.part(step, "reload", name, end_text="looks the names in its configuration up again"):
            try:
                _reload(str(services[name]["own_proxy"]), ids)
            except DockerError as error:
                raise RolloutFailed(f"service '{name}': it cannot be reloaded: {error}", error.detail) from None


def _reload(program: str, ids: Iterable[str]) -> None:
    for container_id in ids:
        if command := _RELOADS[program]:
            container_exec.execute(container_id, command)
        else:
            container_exec.send_sighup(container_id)
