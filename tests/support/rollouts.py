"""What the tests under load have in common: the load, the forms of the scenario, and what the tests hand on."""

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
class Form:
    """How long the scenario takes. ``drain``: seconds; ``rest``: seconds of load after each step."""

    drain: int
    rest: int
    requests: int


LONG, SHORT = Form(drain=30, rest=40, requests=50_000), Form(drain=8, rest=2, requests=20_000)


@dataclass
class Rollouts:
    """What the tests of a session hand on to the last of them."""

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
        shown = "\n".join(report.lines())
        print(f"{step}: {shown}")
        assert report.failed == 0, shown
        assert report.rate >= least, shown
        assert report.slow.finished > 0, shown

    def write(self, scenario: str) -> None:
        """Write the reports down as figures, beside the scenario's others."""
        figures = {step: asdict(report) | {"sights": len(report.sights)} for step, report in self.reports.items()}
        path = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / f".testbed/reports/{scenario}-load.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=1) + "\n")
