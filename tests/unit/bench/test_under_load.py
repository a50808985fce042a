from __future__ import annotations

from testbed.load.hey import Summary
from testbed.load.session import Report
from testbed.load.visitor import Sight
from tests.bench.under_load import lines, outcome


def test_a_side_is_charged_for_every_request_it_lost() -> None:
    report = Report(
        10.0,
        {"/": Summary(10.0, {200: 990, 502: 10})},
        Summary(10.0, {200: 8, 502: 2}),
        [Sight(0.1, 200), Sight(0.2, error="connection refused")],
    )
    found = outcome("by hand", 12.34, report)
    assert (found.requests, found.failed, found.slow, found.slow_failed) == (1002, 11, 10, 2)
    head, row = lines([found])
    assert head.split("  ")[0] == "another version, under load"
    assert row.split() == [
        *["by", "hand", "12.3", "s", "1002", "11", "1.10", "%", "2", "of", "10", "five-second", "requests", "failed"]
    ]
