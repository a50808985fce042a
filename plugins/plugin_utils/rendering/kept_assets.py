"""Files that nginx keeps for pages of earlier releases: which route serves them, and where they are.

Place in the pipeline: model -> compose -> bundle, under ``nginx``. Pure. The host keeps all files in one directory, by
their URL path. Files that another host name has under the same path are in a directory of their own there, because a
client of one name must not get the files of the other one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import host_routes
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.host_routes import HostGroup


@dataclass(frozen=True)
class Kept:
    """Files that are kept. ``path``: their prefix in URLs. ``directory``: in the image of ``service``. ``folder``: what
    their paths in the directory of kept files begin with, mostly nothing. ``hosts``: those of the route."""

    service: str
    path: str
    directory: str
    required: bool
    hosts: tuple[str, ...]
    folder: str = ""

    @property
    def entry(self) -> dict[str, Any]:
        """The entry in the manifest, by which the host copies the files."""
        return {
            "service": self.service,
            "path": f"{self.folder}{self.path}",
            "directory": self.directory,
            "required": self.required,
        }


def of_services(stack: Stack, group: HostGroup) -> dict[int, Kept]:
    """Return the files of services, by the number of the route through which they are requested in a group of names."""
    result = {}
    for service in stack.services.values():
        own = service.assets
        found = next(((n, one) for n, one in group.routes if own and own.path.startswith(one.path)), None)
        if own and found and found[1].to == service.name:
            result[found[0]] = Kept(service.name, own.path, own.directory, own.required, found[1].hosts)
    return result


def all_of(stack: Stack, edge: Service) -> dict[int, Kept]:
    """Return all files that are kept, by the number of the route: those of the edge's own image, then of services."""
    found = host_routes.groups(stack, edge)
    own = {number: _of_edge(edge, route) for number, route in host_routes.numbered(edge) if route.static}
    by_number = {**own, **{number: kept for group in found for number, kept in of_services(stack, group).items()}}
    result: dict[int, Kept] = {}
    # A route for all names keeps the plain paths, and so those that files have had before a route got a host.
    for number, kept in sorted(by_number.items(), key=lambda item: (bool(item[1].hosts), item[0])):
        same = [other for other in result.values() if _files(kept) == _files(other)]
        shared = any(_overlap(kept, other) for other in result.values())
        folder = same[0].folder if same else _folder(kept.hosts) if shared else ""
        result[number] = dataclasses.replace(kept, folder=folder)
    return {number: result[number] for number in by_number}


def entries(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return the entries in the manifest, without duplicates."""
    result: list[dict[str, Any]] = []
    for kept in all_of(stack, edge).values():
        result += [kept.entry] if kept.entry not in result else []
    return result


def _of_edge(edge: Service, route: Route) -> Kept:
    path = f"{route.path}{route.immutable}/"
    return Kept(edge.name, path, f"{route.static}/{route.immutable}", False, route.hosts)


def _files(kept: Kept) -> tuple[str, str, str]:
    return kept.service, kept.path, kept.directory


def _overlap(one: Kept, other: Kept) -> bool:
    nested = one.path.startswith(other.path) or other.path.startswith(one.path)
    return nested and one.hosts != other.hosts


def _folder(hosts: Sequence[str]) -> str:
    """Return the folder of the files of a route with these hosts. No path of a route has its first character."""
    digest = hashlib.sha256(",".join(hosts).encode()).hexdigest()[:8]
    return f"/^{hosts[0].replace('*', '^')}" + (f"+{digest}" if len(hosts) > 1 else "")
