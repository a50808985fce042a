"""Load on the scenario's server, and the services of its inventory."""

from __future__ import annotations

import copy
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
from tests.support.stacks import Stack

EXAMPLE = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "examples/stacks/traefik"
PORT = 8425


@pytest.fixture
def stack(host: Any) -> Stack:
    return Stack(host, "traefik", PORT)


@pytest.fixture(scope="session")
def services() -> Callable[..., dict[str, Any]]:
    """Return a function that returns the example's services with changed keys of the edge."""
    described = yaml.safe_load((EXAMPLE / "stack.yml").read_text())["stack_services"]

    def changed(**edge: Any) -> dict[str, Any]:
        result: dict[str, Any] = copy.deepcopy(described)
        result["edge"].update(edge)
        return result

    return changed


@pytest.fixture(scope="session")
def rollouts() -> Iterator[Rollouts]:
    """Collect the reports of all steps, and write their figures to a file at the end."""
    yield from collected("traefik")


@pytest.fixture
def under_load(rollouts: Rollouts) -> Callable[[str], AbstractContextManager[Load]]:
    """Return a context manager: no request fails, at least 200 short ones are sent per second, and long ones finish."""
    return functools.partial(rollouts.under_load, port=PORT, rest=1, least=200)
