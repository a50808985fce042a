"""Load on the scenario's server, and the conditions that it must meet during every change."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from testbed.load.session import Load
from tests.support.rollouts import LONG, SHORT, Length, Rollouts, collected
from tests.support.stacks import Stack, described

DEMO = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "inventories/demo"
PORT = 8420


@pytest.fixture(scope="session")
def length() -> Length:
    return LONG if os.environ.get("ROLLOUT_LONG") else SHORT


@pytest.fixture
def shop(host: Any) -> Stack:
    return Stack(host, "shop", PORT)


@pytest.fixture(scope="session")
def services(length: Length) -> Callable[..., dict[str, Any]]:
    """Return a function that returns the demo's services with the scenario's drain time and changed keys."""

    def changed(**keys: dict[str, Any]) -> dict[str, Any]:
        return described(DEMO, **{**keys, "edge": {"drain": f"{length.drain}s", **keys.get("edge", {})}})

    return changed


@pytest.fixture(scope="session")
def rollouts() -> Iterator[Rollouts]:
    """Collect the reports of all steps, and write their figures to a file at the end."""
    yield from collected("rollout")


@pytest.fixture
def under_load(rollouts: Rollouts, length: Length) -> Callable[[str], AbstractContextManager[Load]]:
    """Return a context manager: no request fails, at least 300 short ones are sent per second, and long ones finish."""
    return functools.partial(rollouts.under_load, port=PORT, rest=length.rest, least=300)
