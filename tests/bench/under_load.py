"""The same change by each side, under the same load: how long it took, and how many requests it lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from testbed.load.session import Load, Profile, Report
from tests.bench.figures import aligned

#: Seconds of load before the change and after it.
MARGIN = 3
#: Proxies made by hand know no websockets here.
PROFILE = Profile(socket=False)


@dataclass(frozen=True)
class Outcome:
    """What one side's change took and cost. ``slow``: five-second requests."""

    side: str
    seconds: float
    requests: int
    failed: int
    slow: int
    slow_failed: int
    reasons: dict[str, int]

    def data(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return asdict(self)


def outcome(side: str, seconds: float, report: Report) -> Outcome:
    """Return a side's figures; requests and failures leave the five-second ones out."""
    slow = report.slow
    return Outcome(
        side,
        seconds,
        report.requests - slow.requests,
        report.failed - slow.failed,
        slow.requests,
        slow.failed,
        report.reasons,
    )


def measure(side: str, host: str, port: int, work: Callable[[], None]) -> Outcome:
    """Do the work under load, and return what came of it."""
    with Load(host, port, PROFILE) as load:
        time.sleep(MARGIN)
        begun = time.perf_counter()
        work()
        seconds = time.perf_counter() - begun
        time.sleep(MARGIN)
    return outcome(side, seconds, load.report)


def lines(outcomes: list[Outcome]) -> list[str]:
    """Return the table, a line for each side."""
    rows: list[tuple[str, ...]] = [("another version, under load", "seconds", "requests", "failed", "", "")]
    for one in outcomes:
        share = f"{100 * one.failed / one.requests:.2f} %" if one.requests else ""
        long = f"{one.slow_failed} of {one.slow} five-second requests failed"
        rows.append((f"  {one.side}", f"{one.seconds:.1f} s", str(one.requests), str(one.failed), share, long))
    return aligned(rows)
