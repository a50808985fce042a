"""Parse the output of `hey`."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.load import hey

PRINTED = Path(__file__).parent / "hey_summaries"


def test_answers_and_percentiles_are_read() -> None:
    found = hey.parse((PRINTED / "answered.txt").read_text())
    assert (found.requests, found.finished, found.failed) == (80, 80, 0)
    assert found.seconds == 2.0159
    # There are too few requests for the 99th percentile. hey prints a row of zeros.
    assert found.percentiles == {10: 0.002, 25: 0.0024, 50: 0.0032, 75: 0.0044, 90: 0.0085, 95: 0.0089}
    assert found.reasons == {}


def test_other_answers_and_errors_count_as_failed() -> None:
    found = hey.parse((PRINTED / "failed.txt").read_text())
    assert (found.requests, found.finished, found.failed) == (42, 0, 42)
    assert found.reasons == {
        "status 404": 18,
        'Get "http://203.0.113.10:8420/nowhere": dial tcp 203.0.113.10:8420: connect: connection refused': 22,
        # Two rows of hey's output that differ only in the client's port.
        'Get "http://203.0.113.10:8420/nowhere": read tcp 203.0.113.10:8420: read: connection reset by peer': 2,
    }


def test_output_without_a_summary_is_refused() -> None:
    with pytest.raises(ValueError, match="hey printed no summary: 'Usage: hey"):
        hey.parse("Usage: hey [options...] <url>\n")


def test_the_command_limits_time_and_rate() -> None:
    argv = hey.arguments("http://h:1/", seconds=60, workers=20, rate=300, keepalive=False)
    assert argv == ["hey", "-z", "60s", "-c", "20", "-t", "20", "-q", "15", "-disable-keepalive", "http://h:1/"]
    assert "-q" not in hey.arguments("http://h:1/", seconds=60, workers=5)
