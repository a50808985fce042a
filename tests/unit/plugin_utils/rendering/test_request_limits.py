"""Limits for requests in Traefik's routes."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import request_limits

from tests.support.descriptions import example, model


def _limited(**keys: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the routers and the middlewares of an edge with one route."""
    routers = {"1-app": {"rule": "PathPrefix(`/`)", "priority": 1, "middlewares": ["release"], "service": "app"}}
    middlewares: dict[str, Any] = {}
    service = model(example(edge={"kind": "traefik", **keys})).edge
    assert service is not None
    request_limits.add(routers, middlewares, service, service.routes[0].max_body)
    return routers, middlewares


def test_nothing_is_limited_by_default() -> None:
    routers, middlewares = _limited()
    assert (list(routers), middlewares) == (["1-app"], {})


@pytest.mark.parametrize("largest", [1, 9, 10, 99, 512, 1024, 1_000_000, 16 * 1024**2, 1_999_999_999, 10**12])
def test_a_length_is_larger_exactly_if_the_pattern_says_so(largest: int) -> None:
    pattern = re.compile(rf"0*({request_limits._larger_than(largest)})")
    chance = random.Random(largest)
    numbers = {largest + offset for offset in range(-200, 200) if largest + offset >= 0}
    numbers |= {chance.randrange(10 ** chance.randrange(1, 16)) for _ in range(2000)}
    for number in numbers:
        for text in (str(number), f"00{number}"):
            assert bool(pattern.fullmatch(text)) == (number > largest), text


def test_a_request_that_needs_no_look_is_streamed() -> None:
    routers, middlewares = _limited(max_body="1m")
    assert routers["1-app"]["middlewares"] == ["release"]
    assert routers["1-app-too-large"]["middlewares"] == ["release", "too-large-1048576"]
    assert routers["1-app-without-length"]["rule"] == (
        "(PathPrefix(`/`)) && !HeaderRegexp(`Content-Length`, `.`) && "
        "(Method(`POST`) || Method(`PUT`) || Method(`PATCH`))"
    )
    assert {one["buffering"]["maxRequestBodyBytes"] for one in middlewares.values()} == {1024**2}
    assert set(routers) == {"1-app", "1-app-too-large", "1-app-without-length"}


def test_behind_a_load_balancer_the_clients_are_counted() -> None:
    routers, middlewares = _limited(real_ip_from=["10.0.0.0/8"], connections=100, max_body="1m")
    assert middlewares["requests"]["inFlightReq"] == {
        "amount": 50,
        "sourceCriterion": {"ipStrategy": {"excludedIPs": ["10.0.0.0/8"]}},
    }
    assert all("requests" in router["middlewares"] for router in routers.values())
