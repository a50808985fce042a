"""The example application on each of the scenario's servers, one server after the other."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.load.session import Load
from tests.support.rollouts import Rollouts, collected
from tests.support.stacks import Stack, described, on_each_server

DEMO = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "inventories/demo"
PORT = 8420
PLATFORMS = [one["name"] for one in yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text())["platforms"]]


@pytest.fixture(scope="session", params=PLATFORMS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def shop(name: str) -> Stack:
    return on_each_server("shop", PORT)[name]


@pytest.fixture
def here(name: str, playbook: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs a playbook on this server alone."""
    return lambda which, **variables: playbook(which, "--limit", name, **variables)


@pytest.fixture(scope="session")
def services() -> Callable[..., dict[str, Any]]:
    """Return a function that gives the demo's services with keys of some changed."""
    return functools.partial(described, DEMO)


@pytest.fixture(scope="session")
def rollouts() -> Iterator[Rollouts]:
    """Collect the reports of all steps, and write their figures to a file at the end."""
    yield from collected("platforms")


@pytest.fixture
def under_load(rollouts: Rollouts, name: str, shop: Stack) -> Callable[[str], AbstractContextManager[Load]]:
    """Return a context of load that holds no failed request, at least 300 short ones a second, and long ones."""

    def load(step: str) -> AbstractContextManager[Load]:
        return rollouts.under_load(f"{name}: {step}", PORT, rest=2, least=300, server=shop.server)

    return load
