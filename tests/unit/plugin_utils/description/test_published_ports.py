"""Ports of an edge: a rollout asks by the first of them whether it answers, so there is one, and it can be read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import example, model
from tests.support.errors import error_of

NONE = (
    "service 'edge': key 'ports': an edge publishes at least one port, but 'compose' or 'environments' remove it; "
    "leave it, and choose it with 'http_port' and 'http_address'"
)
LONG = {"target": 8080, "published": 80}
UNREADABLE = (
    f"service 'edge': published port {str(LONG)!r} is not HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each port from 1 "
    "to 65535"
)


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"compose": {"ports": None}}, NONE),
        ({"compose": {"ports": []}}, NONE),
        ({"compose": {"ports": [LONG]}}, UNREADABLE),
        ({"environments": {"production": {"ports": None}}}, NONE),
        ({"environments": {"production": {"ports": [LONG]}}}, UNREADABLE),
        ({"compose": {"ports": ["80:8080"]}, "environments": {"production": {"ports": None}}}, NONE),
    ],
)
def test_an_edge_that_nobody_could_ask_is_refused(kind: str, keys: dict[str, Any], sentence: str) -> None:
    assert error_of(model, example(edge={"kind": kind, **keys})) == sentence


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"compose": {"ports": ["81:8080"]}},
        {"compose": {"ports": None}, "environments": {"production": {"ports": ["81:8080"]}}},
        {"environments": {"staging": {"ports": None}}},
    ],
)
def test_an_edge_with_a_port_stays(keys: dict[str, Any]) -> None:
    assert model(example(edge=keys)).edge
