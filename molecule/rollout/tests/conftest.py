"""Load on the scenario's server, and what must be true of it whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from testbed.load.session import Load
from tests.support.rollouts import LONG, SHORT, Form, Rollouts
from tests.support.stacks import Stack, address, described

DEMO = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "inventories/demo"
FIGURES = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".testbed/reports"
PORT = 8420


@pytest.fixture(scope="session")
def form() -> Form:
    return LONG if os.environ.get("ROLLOUT_LONG") else SHORT


@pytest.fixture
def shop(host: Any) -> Stack:
    return Stack(host, "shop", PORT)


@pytest.fixture(scope="session")
def services(form: Form) -> Callable[..., dict[str, Any]]:
    """Return a function that gives the demo's services with this form's drain, and keys of some changed."""

    def changed(**keys: dict[str, Any]) -> dict[str, Any]:
        return described(DEMO, **{**keys, "edge": {"drain": f"{form.drain}s", **keys.get("edge", {})}})

    return changed


@pytest.fixture(scope="session")
def rollouts() -> Iterator[Rollouts]:
    """Keep the reports of all steps; written down as figures in the end."""
    kept = Rollouts()
    yield kept
    FIGURES.mkdir(parents=True, exist_ok=True)
    figures = {step: asdict(report) | {"sights": len(report.sights)} for step, report in kept.reports.items()}
    (FIGURES / "rollout-load.json").write_text(json.dumps(figures, indent=1) + "\n")


@pytest.fixture
def under_load(rollouts: Rollouts, form: Form) -> Callable[[str], AbstractContextManager[Load]]:
    """Return a context of load that holds no failed request, at least 300 short ones a second, and long ones."""

    @contextmanager
    def loaded(step: str) -> Iterator[Load]:
        with Load(address(), PORT) as load:
            time.sleep(2)
            yield load
            time.sleep(form.rest)
        report = load.report
        rollouts.reports[step] = report
        shown = "\n".join(report.lines())
        print(f"{step}: {shown}")
        assert report.failed == 0, shown
        assert report.rate >= 300, shown
        assert report.slow.finished > 0, shown

    return loaded
