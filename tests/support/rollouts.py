"""Shared by the tests under load: the load, the lengths of the scenario, and the reports."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from testbed.load.session import Load, Report
from tests.support.stacks import address


@dataclass(frozen=True)
class Length:
    """The length of the scenario.

    ``drain``: seconds; ``rest``: seconds of load after each step; ``requests``: the smallest sum of requests.
    """

    drain: int
    rest: int
    requests: int


LONG, SHORT = Length(drain=30, rest=40, requests=50_000), Length(drain=8, rest=2, requests=20_000)


@dataclass
class Rollouts:
    """What the tests of a session collect: reports by step, and ids of jobs."""

    reports: dict[str, Report] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)

    @contextmanager
    def under_load(self, step: str, port: int, *, rest: float, least: int, server: str = "") -> Iterator[Load]:
        """Ask through a port meanwhile and for *rest* seconds more; hold that of all requests none failed.

        :param least: short requests a second, below which it is no load; long ones must come to their end, too.
        :param server: the server's address, where the scenario has more than one.
        """
        with Load(server or address(), port) as load:
            time.sleep(2)
            yield load
            time.sleep(rest)
        report = self.reports[step] = load.report
        text = "\n".join(report.lines())
        print(f"{step}: {text}")
        assert report.failed == 0, text
        assert report.rate >= least, text
        assert report.slow.finished > 0, text

    def write(self, scenario: str) -> None:
        """Write the figures of the reports to a file, next to the other reports of the scenario."""
        figures = {step: asdict(report) | {"samples": len(report.samples)} for step, report in self.reports.items()}
        path = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / f".testbed/reports/{scenario}-load.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=1) + "\n")


def collected(scenario: str) -> Iterator[Rollouts]:
    """Yield what collects the reports of a session's steps, and write their figures to a file at the end."""
    rollouts = Rollouts()
    yield rollouts
    rollouts.write(scenario)
