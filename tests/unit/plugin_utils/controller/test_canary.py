"""The variable `deploy_canary`: what it may be, and what is said of anything else."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import canary

from tests.support.errors import error_of


def test_without_one_there_is_none() -> None:
    assert canary.read({}, 3600) == canary.read(None, 3600) == {}


def test_a_time_is_enough() -> None:
    assert canary.read({"for": "1m30s"}, 3600) == {
        "weight": 10.0,
        "for": "90",
        "cookie": "slipway_canary",
        "max_errors": 1.0,
        "max_slowdown": 3.0,
        "min_requests": 20,
    }


@pytest.mark.parametrize("given", ["0.5%", "0.5", " 0.5 % ", 0.5])
def test_a_percentage_may_have_its_sign(given: Any) -> None:
    assert canary.read({"for": "10m", "max_errors": given}, 3600)["max_errors"] == 0.5


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"weight": 10}, "deploy_canary: required key 'for' is missing (How long the new containers are watched"),
        ({"for": "10m", "wieght": 5}, "deploy_canary: unknown key 'wieght'; did you mean 'weight'?"),
        ({"for": 600}, "deploy_canary: key 'for': 600 is not a duration; write a number with its unit"),
        ({"for": "1s"}, "deploy_canary: key 'for': '1s' is not between 5s and 24h"),
        ({"for": "1h"}, "deploy_canary: key 'for': '1h' is not less than deploy_timeout (3600 s)"),
        ({"for": "10m", "weight": 0}, "deploy_canary: key 'weight': 0 is not a percentage from 0.1 to 90"),
        ({"for": "10m", "weight": "nan"}, "deploy_canary: key 'weight': nan is not a percentage"),
        ({"for": "10m", "cookie": "my-cookie"}, "'my-cookie' is not a name of letters, digits and underscores"),
        ({"for": "10m", "cookie": "a; b"}, "'a; b' is not a name of letters, digits and underscores"),
        ({"for": "10m", "max_errors": "few"}, "key 'max_errors': 'few' is not a percentage such as 1%"),
        ({"for": "10m", "max_errors": "nan"}, "key 'max_errors': 'nan' is not a percentage such as 1%"),
        ({"for": "10m", "max_errors": "-1%"}, "key 'max_errors': '-1%' is not a percentage such as 1%"),
        ({"for": "10m", "max_slowdown": -1}, "key 'max_slowdown': -1 is too small"),
        ({"for": "10m", "max_slowdown": "nan"}, "key 'max_slowdown': nan is too small"),
        ({"for": "10m", "min_requests": 0}, "key 'min_requests': 0 is too small"),
        ("10m", "deploy_canary: '10m' is not a mapping of keys to values"),
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(given: Any, sentence: str) -> None:
    assert sentence in error_of(canary.read, given, 3600)


def test_other_hosts_must_wait_for_it() -> None:
    assert canary.read({"for": "10m"}, 3600, 601)["for"] == "600"
    assert "is not less than deploy_barrier_timeout (600 s)" in error_of(canary.read, {"for": "10m"}, 3600, 600)
