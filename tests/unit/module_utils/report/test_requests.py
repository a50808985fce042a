"""Requests in each second, from the access log of an edge."""

from __future__ import annotations

import json

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.report.requests import MARGIN, MAX_SECONDS, Window, count

#: 2026-11-28T08:00:00Z.
BEGIN = 1_795_852_800


def _counted(*lines: str) -> dict[int, tuple[int, int]]:
    window = Window.around(BEGIN, BEGIN + 10)
    count(lines, [window])
    found = window.data()
    pairs = zip(found["answered"], found["failed"], strict=True)
    return {found["start"] + place - BEGIN: pair for place, pair in enumerate(pairs) if any(pair)}


@pytest.mark.parametrize(
    "line",
    [
        {"time": "2026-11-28T08:00:03+00:00", "status": 200},
        {"time": "2026-11-28T10:00:03+02:00", "status": 404},
        {"time": "2026-11-28T04:30:03-03:30", "status": 301},
        {"time": "2026-11-28T08:00:03Z", "DownstreamStatus": 200},
        {"time": "2026-11-28T08:00:03.123456789Z", "DownstreamStatus": 499},
    ],
)
def test_a_request_counts_in_its_second(line: dict[str, object]) -> None:
    assert _counted(json.dumps(line)) == {3: (1, 0)}


def test_a_status_of_500_or_more_is_a_failure() -> None:
    lines = [json.dumps({"time": "2026-11-28T08:00:03Z", "status": status}) for status in (200, 500, 502, 599)]
    assert _counted(*lines) == {3: (1, 3)}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nginx: ready",
        "{",
        "[]",
        "{}" + "x",
        '{"time": "yesterday", "status": 200}',
        '{"time": "2026-13-40T99:00:03Z", "status": 200}',
        '{"time": 5, "status": 200}',
        '{"time": "2026-11-28T08:00:03Z", "status": "200"}',
        '{"time": "2026-11-28T08:00:03Z"}',
        '{"status": 200}',
        "{" * 5000,
        '{"a":' + "[" * 5000,
    ],
)
def test_anything_else_in_the_log_is_passed_over(line: str) -> None:
    assert _counted(line) == {}


def test_requests_shortly_before_and_after_count_and_others_do_not() -> None:
    def at(offset: int) -> str:
        minutes, seconds = divmod(3600 + offset, 60)
        hours, minutes = divmod(minutes, 60)
        return json.dumps({"time": f"2026-11-28T{7 + hours:02}:{minutes:02}:{seconds:02}Z", "status": 200})

    assert sorted(_counted(at(-MARGIN - 1), at(-MARGIN), at(10 + MARGIN), at(11 + MARGIN))) == [-MARGIN, 10 + MARGIN]


def test_a_very_long_rollout_is_counted_from_its_beginning() -> None:
    window = Window.around(BEGIN, BEGIN + 100_000)
    assert (window.start, window.end - window.start) == (BEGIN - MARGIN, MAX_SECONDS)
