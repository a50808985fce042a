"""The services of Traefik: where requests go, and how it connects there.

Place in the pipeline: model -> compose -> bundle, under ``traefik``. Pure. The host writes the services themselves.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.routes import CONNECT_TIMEOUT
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import duration_text
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import inner_edges


def upstreams(edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, port, name, transport}`` for each place that requests are sent to, without duplicates.

    ``name`` is the name of the Traefik service, ``transport`` that of the settings for its connections. ``scheme`` is
    there for gRPC, and ``servers`` for a service of other hosts, see :func:`inner_edges.servers`. In Traefik a timeout
    belongs to the service and not to the route: two routes with two timeouts need two services.
    """
    found = {name_of(route): route for route in edge.routes}
    return [
        {
            "service": route.to,
            "port": route.port,
            "name": name,
            "transport": _transport(route),
            **({"scheme": "h2c"} if route.protocol == "grpc" else {}),
            **inner_edges.servers(route),
        }
        for name, route in found.items()
    ]


def transports(edge: Service) -> dict[str, Any]:
    """Return the settings for connections to services, by name."""
    return {
        _transport(route): {
            "forwardingTimeouts": {
                "dialTimeout": duration_text(route.connect_timeout),
                "responseHeaderTimeout": duration_text(route.timeout),
                # Shorter than the idle timeout of the application's server (uvicorn: 5 s), or a request would go to a
                # closing connection. It also limits the wait for the last connection to a replaced container.
                "idleConnTimeout": "2s",
            }
        }
        for route in edge.routes
    }


def _transport(route: Route) -> str:
    name = f"within-{duration_text(route.timeout)}"
    usual = route.connect_timeout == CONNECT_TIMEOUT
    return name if usual else f"{name}-connected-within-{duration_text(route.connect_timeout)}"


def name_of(route: Route) -> str:
    """Return the name of the Traefik service of a route."""
    name = f"{route.to}-{route.port}-{_transport(route)}"
    return f"{name}-{route.protocol}" if route.protocol != "http" else name
