"""Services that only some environments have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import example, model, plain
from tests.support.errors import error_of

TWO = {"web": plain(), "seed": plain(only_in=["development", "staging"])}


@pytest.mark.parametrize(
    ("environment", "there"),
    [("development", ["seed", "web"]), ("staging", ["seed", "web"]), ("test", ["web"]), ("production", ["web"])],
)
def test_a_service_is_where_it_is_for(environment: str, there: list[str]) -> None:
    assert sorted(model(TWO, environment=environment).services) == there


def test_an_empty_list_is_every_environment() -> None:
    assert sorted(model({"web": plain(only_in=[])}).services) == ["web"]


def test_what_is_shared_does_not_include_the_environments() -> None:
    services = {"web": plain(only_in=["test"]), "more": {"kind": "custom", "like": "web", "health": {"test": ["CMD"]}}}
    assert list(model(services).services) == ["more"]


@pytest.mark.parametrize(
    ("services", "sentence"),
    [
        (
            {"web": plain(needs=["seed"]), "seed": TWO["seed"]},
            (
                "service 'web': key 'needs': service 'seed' does not exist in production; add production to "
                "its 'only_in', or give this service an 'only_in', too"
            ),
        ),
        (
            {"web": plain(needs=[{"service": "seed"}]), "seed": TWO["seed"]},
            (
                "service 'web': key 'needs': service 'seed' does not exist in production; add production to "
                "its 'only_in', or give this service an 'only_in', too"
            ),
        ),
        (
            example(frontend={"only_in": ["test"]}),
            (
                "service 'edge': key 'routes': service 'frontend' does not exist in production; add "
                "production to its 'only_in', or give this service an 'only_in', too"
            ),
        ),
        ({"web": plain(only_in="test")}, "service 'web': key 'only_in': 'test' is not a list of environments"),
        (
            {"web": plain(only_in=["test"])},
            "stack_services: no service exists in production, by their keys 'only_in'",
        ),
    ],
)
def test_refused(services: dict[str, Any], sentence: str) -> None:
    assert error_of(model, services) == sentence
