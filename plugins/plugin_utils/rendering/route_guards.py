"""What a request to a route in Traefik has to pass before anything else: how often who may ask.

Place in the pipeline: model -> compose, used by ``traefik``. Pure. A middleware that counts counts for one router, and
a route has several. So the guards belong to a router above them, which decides first and passes requests on to them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route

#: Bits of an IPv6 address that name the network of one client.
_CLIENT_NETWORK = 64


#: A file of passwords in the text of the routes.
_PASSWORDS = re.compile(r"^( +usersFile: )(/run/secrets/\S+)$", re.MULTILINE)


def for_check(routes: str) -> str:
    """Return the text of the routes so that a Traefik that only checks them, without secrets, finds a file of its own
    (``traefik_check.sh``)."""
    return _PASSWORDS.sub(r"""\1'{{ if env "SLIPWAY_CHECK" }}/tmp/passwords{{ else }}\2{{ end }}'""", routes)


def add(
    name: str,
    routers: dict[str, Any],
    middlewares: dict[str, Any],
    route: Route,
    balancers: Sequence[str],
    stack: str,
    answer: list[str],
) -> None:
    """Put the guards of *route* above its *routers*, if it has any, and add their middlewares.

    :param name: of the router above them.
    :param routers: by name; all of them have the rule and the priority of the first one, and conditions of their own.
    :param balancers: the networks of load balancers that the requests come by, empty if they come by none.
    :param stack: its name, which a browser shows when it asks for a password.
    :param answer: the names of middlewares for the answers of guards.
    """
    guards = _guards(stack, route, balancers)
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
    if route.basic_auth:
        # A Traefik without the file of passwords, such as one that a rollout replaces, leaves the guarded router out.
        # Another route must not answer in its place.
        middlewares["closed"] = {"ipAllowList": {"sourceRange": ["255.255.255.255"]}}
        routers[f"{name}-closed"] = {
            "entryPoints": entry_points,
            "rule": first["rule"],
            "priority": first["priority"] - 1,
            "middlewares": [*answer, "closed"],
            "service": "noop@internal",
        }


def _guards(stack: str, route: Route, balancers: Sequence[str]) -> dict[str, Any]:
    """Return the middlewares in their order: who asks too often is refused before a password is compared."""
    result: dict[str, Any] = {}
    strategy = {"excludedIPs": list(balancers)} if balancers else {}
    if route.rate_limit:
        # With both, Traefik counts each IPv6 address that a load balancer names.
        result["rate"] = {
            "rateLimit": {
                "average": route.rate_limit.requests,
                "period": f"{route.rate_limit.seconds}s",
                # The request itself counts here, and not in `burst` of the description and of nginx.
                "burst": route.rate_limit.burst + 1,
                "sourceCriterion": {"ipStrategy": {**strategy, "ipv6Subnet": _CLIENT_NETWORK}},
            }
        }
    if route.allow:
        result["allow"] = {
            "ipAllowList": {"sourceRange": list(route.allow), **({"ipStrategy": strategy} if strategy else {})}
        }
    if route.basic_auth:
        # A password that Traefik has asked for is not for the application.
        result["password"] = {
            "basicAuth": {
                "usersFile": secret_text.path(route.basic_auth),
                "realm": stack,
                "removeHeader": True,
            }
        }
    return result
