"""Load on the scenario's server, and its services as the inventory has them."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.load.session import Load, Report
from tests.support.stacks import Stack, address

EXAMPLE = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "examples/stacks/traefik"
FIGURES = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".testbed/reports"
PORT = 8425


@pytest.fixture
def stack(host: Any) -> Stack:
    return Stack(host, "traefik", PORT)


@pytest.fixture(scope="session")
def services() -> Callable[..., dict[str, Any]]:
    """Return a function that gives the example's services, with keys of the edge changed."""
    described = yaml.safe_load((EXAMPLE / "stack.yml").read_text())["stack_services"]

    def changed(**edge: Any) -> dict[str, Any]:
        result: dict[str, Any] = copy.deepcopy(described)
        result["edge"].update(edge)
        return result

    return changed


@pytest.fixture(scope="session")
def reports() -> Iterator[dict[str, Report]]:
    """Keep the reports of all steps; written down as figures in the end."""
    kept: dict[str, Report] = {}
    yield kept
    FIGURES.mkdir(parents=True, exist_ok=True)
    figures = {step: {"requests": report.requests, "failed": report.failed} for step, report in kept.items()}
    (FIGURES / "traefik-load.json").write_text(json.dumps(figures, indent=1) + "\n")


@pytest.fixture
def under_load(reports: dict[str, Report]) -> Callable[[str], AbstractContextManager[None]]:
    """Return a context of load that holds no failed request, at least 200 short ones a second, and long ones."""

    @contextmanager
    def loaded(step: str) -> Iterator[None]:
        with Load(address(), PORT) as load:
            time.sleep(1)
            yield
            time.sleep(1)
        report = load.report
        reports[step] = report
        shown = "\n".join(report.lines())
        print(f"{step}: {shown}")
        assert report.failed == 0, shown
        assert report.rate >= 200, shown
        assert report.slow.finished > 0, shown

    return loaded
