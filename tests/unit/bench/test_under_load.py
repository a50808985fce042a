from __future__ import annotations

from testbed.load.hey import Summary
from testbed.load.session import Report
from testbed.load.visitor import Sample
from tests.bench.under_load import lines, outcome


def test_every_failed_request_of_a_side_is_counted() -> None:
    report = Report(
        10.0,
        {"/": Summary(10.0, {200: 990, 502: 10})},
        Summary(10.0, {200: 8, 502: 2}),
        [Sample(0.1, 200), Sample(0.2, error="connection refused")],
    )
    found = outcome("by hand", 12.34, report)
    assert (found.requests, found.failed, found.slow, found.slow_failed) == (1002, 11, 10, 2)
    again = outcome("by hand", 20.0, Report(9.0, {"/": Summary(9.0, {200: 100})}, Summary(9.0, {200: 1}), []))
    other = outcome("ours", 30.0, Report(9.0, {}, Summary(9.0, {}), []))
    head, row, last = lines([found, other, again])
    assert head.split("  ")[0] == "another version, under load"
    assert row.split() == [
        *["by", "hand", "16.2", "s", "1102", "11", "1.00", "%", "2", "of", "11", "five-second", "requests", "failed"]
    ]
    assert last.split() == ["ours", "30.0", "s", "0", "0", "0", "of", "0", "five-second", "requests", "failed"]
