"""Limits for the requests of clients in Traefik's routes: the size of a body, and how many at a time.

Place in the pipeline: model -> compose. Pure. Traefik's middleware for the size of a body holds each body, and each
answer, back until it is complete. So it gets the few requests that need it: those whose length is too large, which it
refuses without reading them, and those that name no length. All others are streamed.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import budget

_LENGTH = "Content-Length"
#: Requests with these methods have a body, with or without a length.
_WITH_BODY = ("POST", "PUT", "PATCH")
#: Bytes of a body or an answer that are held in memory; the rest is in a file.
_IN_MEMORY = 16 * 1024


def add(routers: dict[str, Any], middlewares: dict[str, Any], edge: Service, max_body: int) -> None:
    """Add its limits to the routers of a route, and to the middlewares.

    :param routers: by name; their priorities have a distance of three, for the two variants of each.
    :param max_body: the largest body in bytes, 0 for no limit.
    """
    public = dict(routers)
    if edge.options["real_ip_from"]:
        # Behind a load balancer clients have the address that it names. The published port limits all others.
        middlewares["requests"] = {
            "inFlightReq": {
                "amount": budget.budget(edge).per_address,
                "sourceCriterion": {"ipStrategy": {"excludedIPs": list(edge.options["real_ip_from"])}},
            }
        }
        for router in public.values():
            router["middlewares"] = [*router["middlewares"], "requests"]
    if max_body:
        too_large, without_length = f"too-large-{max_body}", f"without-length-{max_body}"
        middlewares[too_large] = _held_back(max_body)
        middlewares[without_length] = _held_back(min(max_body, budget.UNMEASURED_BODY))
        methods = " || ".join(f"Method(`{method}`)" for method in _WITH_BODY)
        for name, router in public.items():
            for suffix, middleware, rule, priority in (
                ("too-large", too_large, f"HeaderRegexp(`{_LENGTH}`, `^0*({_larger_than(max_body)})$`)", 1),
                ("without-length", without_length, f"!HeaderRegexp(`{_LENGTH}`, `.`) && ({methods})", 2),
            ):
                routers[f"{name}-{suffix}"] = {
                    **router,
                    "rule": f"({router['rule']}) && {rule}",
                    "priority": router["priority"] + priority,
                    "middlewares": [*router["middlewares"], middleware],
                }


def _held_back(largest: int) -> dict[str, Any]:
    in_memory = {"memRequestBodyBytes": _IN_MEMORY, "memResponseBodyBytes": _IN_MEMORY}
    return {"buffering": {"maxRequestBodyBytes": largest, **in_memory}}


def _larger_than(number: int) -> str:
    """Return a regular expression for the decimal numbers that are larger than *number*, without leading zeros."""
    digits = str(number)
    longer = f"[1-9][0-9]{{{len(digits)},}}"
    same_length = [
        f"{digits[:place]}[{int(digit) + 1}-9]" + (f"[0-9]{{{rest}}}" if (rest := len(digits) - place - 1) else "")
        for place, digit in enumerate(digits)
        if digit != "9"
    ]
    return "|".join([longer, *same_length])
