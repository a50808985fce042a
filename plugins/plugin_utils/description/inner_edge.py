"""The edge of a stack whose services are on other hosts: where it sends requests, and who takes them there.

Place in the pipeline: description, under ``placement``. Pure. A host that has such services, and not the edge, gets an
*inner edge*: the edge of the stack with other values of some keys. It listens at the private address of its host only,
and answers nobody but the edges. They are the load balancers in front of it, so it believes what they say of a client.
What they have decided already (passwords, limits, redirects, headers of answers) it leaves to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import InnerEdge, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.places import (
    Place,
    hosts_of_services,
    private_address,
)

#: The keys of the edge that an inner one does not have: the edge has done this already.
_LEFT_TO_THE_EDGE: Mapping[str, Any] = {
    "tls": {},
    "redirects": [],
    "rate_limit": "",
    "max_body": "0b",
    "allow": [],
    "basic_auth": "",
    "headers": {},
    "publish": [],
}
_OF_ROUTES = ("rate_limit", "max_body", "allow", "basic_auth", "headers")


def hosts_elsewhere(stack: Stack, hosts: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the hosts of each service that the edge sends requests to, and that is on none of the edge's hosts.

    :param hosts: those of each service.
    :raises ValueError: for a service that is on some of the edge's hosts.
    """
    edge = stack.edge
    result: dict[str, tuple[str, ...]] = {}
    for route in edge.routes if edge else ():
        if edge is None or route.to is None:
            continue
        without = [host for host in hosts[edge.name] if host not in hosts[route.to]]
        both = [host for host in hosts[edge.name] if host in hosts[route.to]]
        if without and both:
            raise ValueError(
                f"service {edge.name!r}: key 'routes': path {route.path!r} goes to {route.to!r}, which is on "
                f"{', '.join(both)}, but not on {', '.join(without)}, where the edge is, too; place {route.to!r} on "
                "all hosts of the edge, or on none of them"
            )
        if without:
            result[route.to] = hosts[route.to]
    return result


def doors(stack: Stack, place: Place, services: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[InnerEdge, ...]]:
    """Return the inner edges that take the requests for each service of :func:`hosts_elsewhere`.

    :raises ValueError: for a host without a private address.
    """
    edge = stack.edge
    port = int(edge.options["private_port"]) if edge else 0

    def door(name: str, host: str) -> InnerEdge:
        reason = f"service {name!r} gets requests from the edge of another host"
        return InnerEdge(host, private_address(place, host, reason), port)

    return {name: tuple(door(name, host) for host in hosts) for name, hosts in services.items()}


def written(services: Mapping[str, Any], stack: Stack, place: Place) -> dict[str, Any] | None:
    """Return ``stack_services`` as the host's inner edge makes them; ``None`` if the host has none.

    :param services: as people wrote them. :param stack: how they are described.
    :raises ValueError: as :func:`hosts_elsewhere`, and for a host without a private address.
    """
    edge = stack.edge
    hosts = hosts_of_services(stack, place)
    here = {name for name, found in hosts_elsewhere(stack, hosts).items() if place.host in found}
    if edge is None or not here:
        return None
    entry = services[edge.name]
    edges = [
        private_address(place, host, f"the edge on {host!r} sends requests to services of other hosts")
        for host in hosts[edge.name]
    ]
    own = private_address(place, place.host, f"services of {place.host!r} get requests from the edge of another host")
    overlays = entry.get("environments") or {}
    changed = {
        **entry,
        **_LEFT_TO_THE_EDGE,
        "compose": _without_ports(entry.get("compose")),
        "environments": {name: _without_ports(keys) for name, keys in overlays.items()},
        "routes": [_route(route) for route in entry["routes"] if route.get("to") in here],
        "real_ip_from": edges,
        "http_address": bracketed(own),
        "http_port": edge.options["private_port"],
    }
    changed.pop("content_security_policy", None)
    return {**services, edge.name: changed}


def _route(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in _OF_ROUTES}


def _without_ports(keys: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return Compose keys of the edge without its published ports."""
    return {key: value for key, value in (keys or {}).items() if key != "ports"}
