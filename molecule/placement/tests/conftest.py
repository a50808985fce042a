"""The hosts of this scenario, by what they have."""

from __future__ import annotations

import pytest

from tests.support.stacks import Stack, on_each_server


@pytest.fixture(scope="session")
def stacks() -> dict[str, Stack]:
    """Return the stack on each host, by the host's name."""
    return on_each_server("spread", 8423)


@pytest.fixture(scope="session")
def edges(stacks: dict[str, Stack]) -> list[Stack]:
    """Return the hosts of the edge."""
    return [stacks["place1"], stacks["place2"]]


@pytest.fixture(scope="session")
def apps(stacks: dict[str, Stack]) -> list[Stack]:
    """Return the hosts of the application."""
    return [stacks["place3"], stacks["place4"]]
