"""The edge as nginx: its configuration from a template.

Place in the pipeline: model -> compose -> bundle. Pure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration, parse_size
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.templating import template, text

#: First nginx whose open-source edition resolves the names in an upstream again while it runs.
_OLDEST = (1, 27, 3)


def refusal(version: tuple[int, ...]) -> str | None:
    """Return why an nginx of this version cannot be an edge."""
    if version < _OLDEST:
        return "cannot look up a container's address again while it runs; 1.27.3 and later can"
    return None


def files(stack: Stack, edge: Service) -> dict[str, str]:
    """Return the files of the edge's directory by name; ``release.conf`` and ``upstreams/`` are written on the host.

    :raises ValueError: for a route to files that the image cannot have, or a load balancer without an address.
    """
    static = next((route for route in edge.routes if route.static), None)
    if static and edge.image == f"nginx:{edge.options['version']}" and not (edge.volumes or edge.files):
        raise ValueError(
            f"service {edge.name!r}: key 'routes': path {static.path!r} has its files in {static.static}, which the "
            f"image {edge.image} does not have; give the edge an 'image' of its own, built from that one"
        )
    values = {
        "stack": stack,
        "edge": edge,
        "routes": _by_length(edge.routes),
        # What is developed changes its files as it likes.
        "kept": {} if any(service.development for service in stack.services.values()) else _kept(stack, edge),
        "kept_in": f"{compose.EDGE_MOUNT}/assets/current",
        "upstreams": upstreams(edge),
        "drain": parse_duration(edge.options["drain"]),
        "max_body": parse_size(edge.options["max_body"]),
        "real_ip_from": _networks(edge),
    }
    return {
        "nginx.conf": template("nginx.conf.j2").render(values),
        "listen.conf": template("listen.conf.j2").render(values),
        "start.sh": text("nginx_start.sh"),
    }


def _networks(edge: Service) -> list[str]:
    """Return the networks of load balancers as nginx takes them everywhere: addresses, and each of them once."""
    networks: dict[str, None] = {}
    for network in edge.options["real_ip_from"]:
        try:
            networks[str(ipaddress.ip_network(str(network), strict=False))] = None
        except ValueError:
            raise ValueError(
                f"service {edge.name!r}: key 'real_ip_from': {network!r} is no address or network such as 10.0.0.0/8"
            ) from None
    return list(networks)


def upstreams(edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, port}`` for each place that requests go to, without repetition."""
    routes = [route for route in edge.routes if route.to]
    return [{"service": to, "port": port} for to, port in dict.fromkeys((route.to, route.port) for route in routes)]


def assets(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, path, directory, required}`` for each: those of the edge's own image, and of services."""
    own = [
        {
            "service": edge.name,
            "path": f"{route.path}{route.immutable}/",
            "directory": f"{route.static}/{route.immutable}",
            "required": False,
        }
        for route in edge.routes
        if route.static
    ]
    return [*own, *_kept(stack, edge).values()]


def not_kept(edge: Service, path: str) -> str:
    """Return why the assets that a service has below *path* are not kept, as the end of a sentence."""
    return f"no route of {edge.name!r} leads {path} to it"


def _kept(stack: Stack, edge: Service) -> dict[str, dict[str, Any]]:
    """Return what services have, by the path of the route that it is asked for by."""
    result = {}
    for service in stack.services.values():
        found = service.assets
        route = next((route for route in _by_length(edge.routes) if found and found.path.startswith(route.path)), None)
        if found and route and route.to == service.name:
            result[route.path] = {
                "service": service.name,
                "path": found.path,
                "directory": found.directory,
                "required": found.required,
            }
    return result


def _by_length(routes: Iterable[Route]) -> list[Route]:
    return sorted(routes, key=lambda route: -len(route.path))
