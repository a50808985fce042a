"""The stack whose rollouts are interrupted, the deploy after an interruption, and the file for the figures."""

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
    """Yield a new greeting for each rollout. Without a change there is no rollout."""
    return (f"greeting {number}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def trials() -> Iterator[list[Trial]]:
    """Collect the trials, and write them to a file at the end."""
    collected: list[Trial] = []
    yield collected
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps([asdict(trial) for trial in collected], indent=1) + "\n")


@pytest.fixture
def converge(kiosk: Stack, playbook: Callable[..., Any]) -> Callable[..., float]:
    """Return a function that deploys again, and asserts that nothing is left of the interruption.

    It returns the seconds of the deploy. More variables of the playbook are keywords.
    """

    def deploy(greeting: str, **variables: Any) -> float:
        started = time.monotonic()
        run = playbook("deploy", kiosk_greeting=greeting, **variables)
        seconds = time.monotonic() - started
        assert run.code == 0, run.output
        assert "could not be restored" not in run.output, run.output
        assert kiosk.get().body == f"{greeting}\n"
        found = count_containers(kiosk)
        found.pop(POD, None)
        # A revert removes the new container of the one-shot. The old one had completed, and does not run again.
        found.setdefault(("opening", "exited"), 1)
        assert found == EXPECTED
        status = playbook("status")
        assert status.code == 0, status.output
        for trouble in ("was interrupted", "under way", "differs from the release", "!!"):
            assert trouble not in status.output, status.output
        return seconds

    return deploy
