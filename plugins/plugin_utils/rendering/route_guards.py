"""What a request to a route in Traefik has to pass before anything else: how often its client may ask.

Place in the pipeline: model -> compose, used by ``traefik``. Pure. A middleware that counts counts for one router, and
a route has several. So the guards belong to a router above them, which decides first and passes requests on to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route

#: Bits of an IPv6 address that name the network of one client.
_CLIENT_NETWORK = 64


def add(
    name: str,
    routers: dict[str, Any],
    middlewares: dict[str, Any],
    route: Route,
    balancers: Sequence[str],
    answer: list[str],
) -> None:
    """Put the guards of *route* above its *routers*, if it has any, and add their middlewares.

    :param name: of the router above them.
    :param routers: by name; all of them have the rule and the priority of the first one, and conditions of their own.
    :param balancers: the networks of load balancers that the requests come by, empty if they come by none.
    :param answer: the names of middlewares for the answers of guards.
    """
    guards = _guards(route, balancers)
    if not guards:
        return
    first = next(iter(routers.values()))
    entry_points = first["entryPoints"]
    for router in routers.values():
        router["parentRefs"] = [f"{name}-guarded"]
        del router["entryPoints"]
    for guard, middleware in guards.items():
        middlewares[f"{name}-{guard}"] = middleware
    routers[f"{name}-guarded"] = {
        "entryPoints": entry_points,
        "rule": first["rule"],
        "priority": first["priority"],
        "middlewares": [*answer, *(f"{name}-{guard}" for guard in guards)],
    }


def _guards(route: Route, balancers: Sequence[str]) -> dict[str, Any]:
    """Return the middlewares in their order: who asks too often is refused before a password is compared."""
    result: dict[str, Any] = {}
    if route.rate_limit:
        # With both, Traefik counts each IPv6 address that a load balancer names.
        strategy = {"excludedIPs": list(balancers)} if balancers else {}
        result["rate"] = {
            "rateLimit": {
                "average": route.rate_limit.requests,
                "period": f"{route.rate_limit.seconds}s",
                # The request itself counts here, and not in `burst` of the description and of nginx.
                "burst": route.rate_limit.burst + 1,
                "sourceCriterion": {"ipStrategy": {**strategy, "ipv6Subnet": _CLIENT_NETWORK}},
            }
        }
    return result
