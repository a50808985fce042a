"""The timeline and the report of a session of load."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.load.__main__ import verdict
from testbed.load.hey import Summary
from testbed.load.session import Report
from testbed.load.visitor import Sample, ask, seconds
from testbed.load.websocket import Connection

OLD = Sample(0.1, 200, "r1", "1.0.0")
NEW = Sample(1.2, 200, "r2", "1.1.0")
REFUSED = Sample(1.4, error="[Errno 111] Connection refused")


def _report(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "seconds": 2.0,
        "short": {"/": Summary(2.0, {200: 600}, {}, {50: 0.003, 99: 0.02})},
        "slow": Summary(2.0, {200: 6}),
        "samples": [OLD, NEW],
    }
    return Report(**{**values, **changes})


def test_the_timeline_shows_who_answered_in_each_second() -> None:
    first, second = seconds([NEW, OLD, REFUSED])
    assert (first.second, dict(first.answers), first.failures.total()) == (0, {("r1", "1.0.0"): 1}, 0)
    assert str(second) == "   1 s    1 answers    1 failed  1.1.0 by r2 1, [Errno 111] Connection refused 1"


def test_every_failure_is_reported() -> None:
    report = _report(
        short={"/": Summary(2.0, {200: 599, 502: 1}, {"connection reset": 2})},
        slow=Summary(2.0, {200: 5, 504: 1}),
        samples=[OLD, REFUSED],
        refused=["server rejected WebSocket connection: HTTP 502"],
    )
    assert (report.requests, report.failed, report.slow.finished) == (610, 6, 5)
    assert sum(report.reasons.values()) == 6
    lines = report.lines()
    assert "  FAILED 2 x connection reset" in lines
    assert lines[-1] == f"  sent at {REFUSED.at:.1f} s: {REFUSED.error}"


def test_a_report_has_numbers_and_times() -> None:
    text = "\n".join(_report(connections=[Connection(0.0, "r1", 9.5, 18, "no close frame received")]).lines())
    assert "608 requests in 2 s, 0 failed" in text
    assert "600 requests, 300/s, 0 failed; 50 % in 3 ms, 99 % in 20 ms" in text
    assert "6 of 6 five-second requests finished" in text
    assert "opened at 0.0 s by r1, 18 echoes, closed at 9.5 s (no close frame received)" in text
    assert _report().first("r2") == 1.2
    assert _report().first("r3") is None


@pytest.mark.parametrize(
    ("report", "code", "must_fail", "sentences"),
    [
        (_report(), 0, False, []),
        (_report(), 2, False, ["The command ended with code 2; it should have succeeded."]),
        (_report(samples=[OLD]), 2, True, []),
        (_report(samples=[OLD]), 0, True, ["The command ended with code 0; it should have failed."]),
        (_report(samples=[OLD, NEW]), 2, True, ["More than one version answered: 1.0.0, 1.1.0."]),
        (_report(samples=[OLD, REFUSED]), 0, False, ["1 of 608 requests failed."]),
    ],
)
def test_the_verdict_names_each_problem(report: Report, code: int, must_fail: bool, sentences: list[str]) -> None:
    assert verdict(report, code, must_fail=must_fail) == sentences


def test_a_closed_port_is_a_failure() -> None:
    sample = ask("127.0.0.1", 9, "/")
    assert sample.failed
    assert "refused" in str(sample.error)
