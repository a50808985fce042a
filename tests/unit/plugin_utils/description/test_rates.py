"""Rate limits as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import rates
from ansible_collections.slipway.stack.plugins.plugin_utils.description.rates import Rate

from tests.support.descriptions import example, model
from tests.support.errors import error_of


@pytest.mark.parametrize(
    ("given", "rate", "retry_after"),
    [
        ("10/s", Rate(10, 1, 10), 1),
        ("300/m", Rate(300, 60, 300), 1),
        ("7/m", Rate(7, 60, 7), 9),
        ({"rate": "1/m", "burst": 0}, Rate(1, 60, 0), 60),
        ({"rate": "100000/s"}, Rate(100_000, 1, 100_000), 1),
    ],
)
def test_a_rate_has_requests_a_time_and_a_burst(given: Any, rate: Rate, retry_after: int) -> None:
    assert rates.read(given) == rate
    assert rate.retry_after == retry_after


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("10", "'10' is not a number of requests per second or minute, such as 10/s or 300/m"),
        (10, "10 is not a number of requests per second or minute, such as 10/s or 300/m"),
        ("10/h", "'10/h' is not a number of requests per second or minute, such as 10/s or 300/m"),
        ("0.5/s", "'0.5/s' is not a number of requests per second or minute, such as 10/s or 300/m"),
        ({"burst": 5}, "None is not a number of requests per second or minute, such as 10/s or 300/m"),
        ("0/s", "'0/s' is not between 1 and 100000 requests, such as 10/s or 300/m"),
        ("100001/s", "'100001/s' is not between 1 and 100000 requests, such as 10/s or 300/m"),
        (
            {"rate": "1/s", "brust": 1},
            "unknown key 'brust'; write 'rate', such as 10/s or 300/m, and 'burst', a number",
        ),
        ({"rate": "1/s", "burst": -1}, "'burst' is -1, not a whole number between 0 and 100000 of requests at once"),
        ({"rate": "1/s", "burst": "9"}, "'burst' is '9', not a whole number between 0 and 100000 of requests at once"),
    ],
)
def test_anything_else_is_refused(given: Any, problem: str) -> None:
    assert error_of(model, example(edge={"rate_limit": given})) == f"service 'edge': key 'rate_limit': {problem}"
    routes = [{"path": "/", "to": "frontend", "rate_limit": given}]
    message = error_of(model, example(edge={"routes": routes}))
    assert message == f"service 'edge', key 'routes', path '/': key 'rate_limit': {problem}"


def test_a_route_may_lift_the_limit_of_the_edge() -> None:
    routes = [{"path": "/api/", "to": "backend", "rate_limit": ""}, {"path": "/", "to": "frontend"}]
    found = model(example(edge={"routes": routes, "rate_limit": "10/s"})).services["edge"].routes
    assert [route.rate_limit for route in found] == [None, Rate(10, 1, 10)]
