"""Real edges, in front of an application, for the tests of what passes through them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.real_edge import ROUTES, Edge, running

KINDS = ["nginx", "traefik"]
#: More routes than the common ones, for paths that need quoting and for silence.
MORE = [
    {"path": "/quick/", "to": "app", "timeout": "2s"},
    {"path": "/größe/日本/", "to": "app"},
    {"path": '/a b;c "d"/', "to": "app"},
    {"path": "/`e`'f/", "to": "app"},
]


@pytest.fixture(scope="module", params=KINDS)
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge that trusts nobody."""
    keys: dict[str, Any] = {"routes": [*ROUTES, *MORE], "domains": ["www.example.org", "*.shops.example.com"]}
    if request.param == "traefik":
        keys["request_timeout"] = "3s"
    with running(request.param, tmp_path_factory.mktemp("edge"), **keys) as started:
        yield started


@pytest.fixture(scope="module", params=KINDS)
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge that takes this machine for its load balancer."""
    with running(request.param, tmp_path_factory.mktemp("edge"), real_ip_from=["GATEWAY"]) as started:
        yield started


@pytest.fixture(scope="module", params=KINDS)
def nameless(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge of a stack without a domain."""
    with running(request.param, tmp_path_factory.mktemp("edge"), domain="") as started:
        yield started
