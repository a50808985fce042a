"""Measure the same change by each side under the same load: its seconds and its failed requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from testbed.load.session import Load, Profile, Report
from tests.bench.figures import aligned

#: Seconds of load before the change and after it.
MARGIN = 3
#: The hand-made proxy does not support websockets.
PROFILE = Profile(socket=False)


@dataclass(frozen=True)
class Outcome:
    """The result of one side in one round. ``slow``: number of five-second requests."""

    side: str
    seconds: float
    requests: int
    failed: int
    slow: int
    slow_failed: int
    reasons: dict[str, int]

    def data(self) -> dict[str, Any]:
        """Return the result as JSON data."""
        return asdict(self)


def outcome(side: str, seconds: float, report: Report) -> Outcome:
    """Return a side's result. `requests` and `failed` are without the five-second requests."""
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
    """Do the work under load and return the result."""
    with Load(host, port, PROFILE) as load:
        time.sleep(MARGIN)
        started = time.perf_counter()
        work()
        seconds = time.perf_counter() - started
        time.sleep(MARGIN)
    return outcome(side, seconds, load.report)


def lines(outcomes: list[Outcome]) -> list[str]:
    """Return the lines of the table, one per side: the median of its seconds, and the sums of its requests."""
    rows: list[tuple[str, ...]] = [("another version, under load", "median", "requests", "failed", "", "")]
    for side in dict.fromkeys(one.side for one in outcomes):
        rounds = [one for one in outcomes if one.side == side]
        seconds = median(one.seconds for one in rounds)
        requests, failed = sum(one.requests for one in rounds), sum(one.failed for one in rounds)
        share = f"{100 * failed / requests:.2f} %" if requests else ""
        slow, slow_failed = sum(one.slow for one in rounds), sum(one.slow_failed for one in rounds)
        long = f"{slow_failed} of {slow} five-second requests failed"
        rows.append((f"  {side}", f"{seconds:.1f} s", str(requests), str(failed), share, long))
    return aligned(rows)
