"""nginx as the edge: its configuration, from a template.

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

#: The first nginx whose open-source edition resolves the names in an upstream again while it runs.
_OLDEST = (1, 27, 3)


def version_problem(version: tuple[int, ...]) -> str | None:
    """Return why an nginx of this version cannot be an edge; ``None`` if it can."""
    if version < _OLDEST:
        return "cannot resolve the address of a container again while it runs; use 1.27.3 or later"
    return None


def files(stack: Stack, edge: Service) -> dict[str, str]:
    """Return the files of the edge's directory by name; the host writes ``release.conf`` and ``upstreams/``.

    :raises ValueError: for a route to files that the image cannot contain, or a load balancer without an address.
    """
    static = next((route for route in edge.routes if route.static), None)
    if static and edge.image == f"nginx:{edge.options['version']}" and not (edge.volumes or edge.files):
        raise ValueError(
            f"service {edge.name!r}: key 'routes': path {static.path!r} serves files from {static.static}, which the "
            f"image {edge.image} does not contain; give the edge an 'image' that is built from it"
        )
    values = {
        "stack": stack,
        "edge": edge,
        "routes": _by_length(edge.routes),
        # A service in development changes its files at any time.
        "kept": {} if any(service.development for service in stack.services.values()) else _kept_assets(stack, edge),
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
    """Return the networks of load balancers as addresses, in the one form that every directive of nginx accepts."""
    networks: dict[str, None] = {}
    for network in edge.options["real_ip_from"]:
        try:
            networks[str(ipaddress.ip_network(str(network), strict=False))] = None
        except ValueError:
            raise ValueError(
                f"service {edge.name!r}: key 'real_ip_from': {network!r} is not an address or a network such as "
                "10.0.0.0/8"
            ) from None
    return list(networks)


def upstreams(edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, port}`` for each place that the edge sends requests to, without duplicates."""
    routes = [route for route in edge.routes if route.to]
    return [{"service": to, "port": port} for to, port in dict.fromkeys((route.to, route.port) for route in routes)]


def assets(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, path, directory, required}`` for the assets of the edge's own image and those of services."""
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
    return [*own, *_kept_assets(stack, edge).values()]


def why_assets_not_kept(edge: Service, path: str) -> str:
    """Return why the assets of a service below *path* are not kept, as the end of a sentence."""
    return f"no route of {edge.name!r} sends {path} to it"


def _kept_assets(stack: Stack, edge: Service) -> dict[str, dict[str, Any]]:
    """Return the assets of services, by the path of the route through which they are requested."""
    result = {}
    for service in stack.services.values():
        own = service.assets
        route = next((route for route in _by_length(edge.routes) if own and own.path.startswith(route.path)), None)
        if own and route and route.to == service.name:
            result[route.path] = {
                "service": service.name,
                "path": own.path,
                "directory": own.directory,
                "required": own.required,
            }
    return result


def _by_length(routes: Iterable[Route]) -> list[Route]:
    return sorted(routes, key=lambda route: -len(route.path))
