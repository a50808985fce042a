"""Traefik as the edge: the routes for its file provider, as data.

Place in the pipeline: model -> compose -> bundle. Pure. Settings that Traefik reads only when it starts are in the
kind's command; a change of them replaces the container.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import duration_text, parse_size
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.templating import text

#: The first Traefik that can remove headers which applications would take for its own (CVE-2026-88879).
_OLDEST = (3, 7, 12)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
#: Only these are compressed. Everything else is streamed unchanged, server-sent events for example.
_COMPRESSED = [
    "text/html",
    "text/plain",
    "text/css",
    "application/json",
    "application/javascript",
    "text/javascript",
    "image/svg+xml",
]
#: The highest priority. The priority of a route is the length of its path.
_HIGHEST_PRIORITY = 1_000_000


def version_problem(version: tuple[int, ...]) -> str | None:
    """Return why a Traefik of this version cannot be an edge; ``None`` if it can."""
    if version < _OLDEST:
        return "lets a client forge headers that Traefik sets; use 3.7.12 or later"
    return None


def files(stack: Stack, edge: Service) -> dict[str, str]:
    """Return the files of the edge's directory by name.

    The host writes the services that the routes name, and the middleware ``release``.

    :raises ValueError: for a route to files, which Traefik does not serve.
    """
    for route in edge.routes:
        if route.static:
            raise ValueError(
                f"service {edge.name!r}: key 'routes': path {route.path!r} serves files from {route.static}, and "
                "Traefik serves no files; send it 'to' a service of kind spa"
            )
    return {
        "routes.yml": compose.dump(stack, "Routes", {"http": _http(edge)}),
        "start.sh": text("traefik_start.sh"),
        "check.sh": text("traefik_check.sh"),
    }


def upstreams(edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, port, name, transport}`` for each place that requests are sent to, without duplicates.

    ``name`` is the name of the Traefik service, ``transport`` that of the settings for its connections. In Traefik a
    timeout belongs to the service and not to the route: two routes with two timeouts need two services.
    """
    found = {_name(route): route for route in edge.routes}
    return [
        {"service": route.to, "port": route.port, "name": name, "transport": _transport(route)}
        for name, route in found.items()
    ]


def _http(edge: Service) -> dict[str, Any]:
    common = ["release", "headers", "compress", *(["body"] if edge.options["max_body"] else []), "retry"]
    middlewares: dict[str, Any] = {
        "headers": {"headers": {"customResponseHeaders": _HEADERS}},
        "compress": {"compress": {"includedContentTypes": _COMPRESSED}},
        # One retry if a container does not accept the connection. A request that it has begun to read is not repeated.
        "retry": {"retry": {"attempts": 2}},
    }
    if edge.options["max_body"]:
        middlewares["body"] = {"buffering": {"maxRequestBodyBytes": parse_size(edge.options["max_body"])}}
    routers: dict[str, Any] = {
        "healthz": {
            "entryPoints": ["web"],
            "rule": "Path(`/healthz`)",
            "priority": _HIGHEST_PRIORITY,
            "middlewares": ["release"],
            "service": "ping@internal",
            "observability": {"accessLogs": False},
        },
        # For the container's own health check.
        "ping": {
            "entryPoints": ["traefik"],
            "rule": "Path(`/ping`)",
            "service": "ping@internal",
            "observability": {"accessLogs": False},
        },
    }
    for number, route in enumerate(sorted(edge.routes, key=lambda route: -len(route.path)), 1):
        routers[f"{number}-{route.to}"] = {
            "entryPoints": ["web"],
            "rule": f"PathPrefix({json.dumps(route.path, ensure_ascii=False)})",
            "priority": len(route.path),
            "middlewares": common,
            "service": _name(route),
        }
    return {"routers": routers, "middlewares": middlewares, "serversTransports": _transports(edge)}


def _transports(edge: Service) -> dict[str, Any]:
    return {
        _transport(route): {
            "forwardingTimeouts": {
                "dialTimeout": "3s",
                "responseHeaderTimeout": duration_text(route.timeout),
                # Shorter than the idle timeout of the application's server (uvicorn: 5 s), or a request would go to a
                # closing connection. It also limits the wait for the last connection to a replaced container.
                "idleConnTimeout": "2s",
            }
        }
        for route in edge.routes
    }


def _transport(route: Route) -> str:
    return f"within-{duration_text(route.timeout)}"


def _name(route: Route) -> str:
    return f"{route.to}-{route.port}-{_transport(route)}"


def assets(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return an empty list: Traefik serves no files."""
    return []


def why_assets_not_kept(edge: Service, path: str) -> str:
    """Return why the assets of a service below *path* are not kept, as the end of a sentence."""
    return f"only an edge of kind nginx can keep them; {edge.name!r} is Traefik, which serves no files"
