"""Load on the scenario's server, and what must be true of it whatever happens meanwhile."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from testbed.load.session import Load
from tests.support.rollouts import LONG, SHORT, Length, Rollouts
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
    """Return a function that gives the demo's services with this length's drain, and keys of some changed."""

    def changed(**keys: dict[str, Any]) -> dict[str, Any]:
        return described(DEMO, **{**keys, "edge": {"drain": f"{length.drain}s", **keys.get("edge", {})}})

    return changed


@pytest.fixture(scope="session")
def rollouts() -> Iterator[Rollouts]:
    """Keep the reports of all steps; written down as figures in the end."""
    kept = Rollouts()
    yield kept
    kept.write("rollout")


@pytest.fixture
def under_load(rollouts: Rollouts, length: Length) -> Callable[[str], AbstractContextManager[Load]]:
    """Return a context of load that holds no failed request, at least 300 short ones a second, and long ones."""
    return functools.partial(rollouts.under_load, port=PORT, rest=length.rest, least=300)
