"""The edge as nginx: its configuration from a template.

Place in the pipeline: model -> compose -> bundle. Pure.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.templating import template, text
from ansible_collections.slipway.stack.plugins.plugin_utils.units import parse_duration, parse_size

#: First nginx whose open-source edition resolves the names in an upstream again while it runs.
_OLDEST = (1, 27, 3)


def refusal(version: tuple[int, ...]) -> str | None:
    """Return why an nginx of this version cannot be an edge."""
    if version < _OLDEST:
        return "cannot look up a container's address again while it runs; 1.27.3 and later can"
    return None


def files(stack: Stack, edge: Service) -> dict[str, str]:
    """Return the files of the edge's directory by name; ``release.conf`` and ``upstreams/`` are written on the host.

    :raises ValueError: for a route to files that the image cannot have.
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
        "routes": sorted(edge.routes, key=lambda route: -len(route.path)),
        "upstreams": upstreams(edge),
        "drain": parse_duration(edge.options["drain"]),
        "max_body": parse_size(edge.options["max_body"]),
        "real_ip_from": edge.options["real_ip_from"],
    }
    return {
        "nginx.conf": template("nginx.conf.j2").render(values),
        "listen.conf": template("listen.conf.j2").render(values),
        "start.sh": text("nginx_start.sh"),
    }


def upstreams(edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, port}`` for each place that requests go to, without repetition."""
    routes = [route for route in edge.routes if route.to]
    return [{"service": to, "port": port} for to, port in dict.fromkeys((route.to, route.port) for route in routes)]
