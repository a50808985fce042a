"""The stack whose rollouts are disturbed, how one is done again, and where the figures go."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.chaos import EXPECTED, POD, Trial, count_containers
from tests.support.stacks import Stack

FIGURES = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".testbed/reports/chaos.json"


@pytest.fixture
def kiosk(host: Any) -> Stack:
    return Stack(host, "kiosk", 8421)


@pytest.fixture(scope="session")
def greetings() -> Iterator[str]:
    """Yield another greeting for each rollout: what is the same is not rolled out."""
    return (f"greeting {number}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def trials() -> Iterator[list[Trial]]:
    """Keep what came of each trial; written down in the end."""
    kept: list[Trial] = []
    yield kept
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps([asdict(trial) for trial in kept], indent=1) + "\n")


@pytest.fixture
def converge(kiosk: Stack, playbook: Callable[..., Any]) -> Callable[[str], float]:
    """Return a function that runs the playbook again, and asserts that all is as if nothing had happened.

    It returns the seconds that the playbook took.
    """

    def again(greeting: str) -> float:
        started = time.monotonic()
        run = playbook("deploy", kiosk_greeting=greeting)
        seconds = time.monotonic() - started
        assert run.code == 0, run.output
        assert "could not be put back" not in run.output, run.output
        assert kiosk.get().body == f"{greeting}\n"
        found = count_containers(kiosk)
        found.pop(POD, None)
        assert found == EXPECTED
        status = playbook("status")
        assert status.code == 0, status.output
        for trouble in ("broke off", "under way", "differs from the release", "!!"):
            assert trouble not in status.output, status.output
        return seconds

    return again
