"""When new containers are worse than the old ones."""

from __future__ import annotations

import math

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rollout.canary_verdict import Tally, lowest_share, problems
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import CanarySettings

SETTINGS = CanarySettings(10, 600, "", max_errors=1, max_slowdown=3, min_requests=20)


def _tally(requests: int, failed: int = 0, seconds: float | None = 0.02) -> Tally:
    tally = Tally()
    for number in range(requests):
        tally.count(500 if number < failed else 200, seconds)
    return tally


def _found(new: Tally, old: Tally, at_end: bool = True) -> list[str]:
    return list(problems("web", new, old, SETTINGS, at_end))


@pytest.mark.parametrize(
    ("failed", "old_failed", "found"),
    [(1, 0, False), (2, 0, True), (2, 10, False), (3, 10, True)],
)
def test_the_share_of_failures_may_be_so_much_higher(failed: int, old_failed: int, found: bool) -> None:
    """One percentage point more than the old containers, of which 1 % fail in the last two cases."""
    assert bool(_found(_tally(100, failed), _tally(1000, old_failed))) is found


def test_a_failure_is_named_with_both_sides_and_the_limit() -> None:
    [sentence] = _found(_tally(200, 10), _tally(1800, 1))
    assert sentence == (
        "service 'web': 5 % of 200 requests to the new containers failed, and 0.0556 % of 1800 to the old ones; 1 % "
        "more are permitted (max_errors)"
    )


@pytest.mark.parametrize(
    ("requests", "failed", "found"), [(20, 1, False), (20, 3, True), (100, 2, False), (200, 6, True)]
)
def test_before_the_end_it_takes_more_than_chance(requests: int, failed: int, found: bool) -> None:
    assert bool(_found(_tally(requests, failed), _tally(1000), at_end=False)) is found


@pytest.mark.parametrize("at_end", [False, True])
def test_too_few_requests_are_not_judged(at_end: bool) -> None:
    assert _found(_tally(19, 19), _tally(1000), at_end) == []
    assert _found(_tally(20, 20), _tally(1000), at_end) != []


@pytest.mark.parametrize(("failed", "requests"), [(5, 100), (1, 20), (900, 1000)])
def test_from_the_lowest_share_the_found_one_is_just_not_chance(failed: int, requests: int) -> None:
    """Its definition: the found share is 2.576 standard deviations above it (99.5 % of a normal distribution)."""
    lowest = lowest_share(failed, requests)
    assert (failed / requests - lowest) / math.sqrt(lowest * (1 - lowest) / requests) == pytest.approx(2.576)


def test_without_a_failure_the_lowest_share_is_nothing() -> None:
    assert (lowest_share(0, 100), lowest_share(0, 0)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("seconds", "requests", "found"),
    [(0.9, 100, True), (0.29, 100, False), (0.9, 99, False), (None, 100, False)],
)
def test_slow_answers_count_from_a_hundred_on(seconds: float | None, requests: int, found: bool) -> None:
    said = _found(_tally(requests, seconds=seconds), _tally(1000, seconds=0.1))
    assert bool(said) is found
    assert all("3 times as long is permitted (max_slowdown)" in one for one in said)


def test_a_small_difference_is_none() -> None:
    assert _found(_tally(100, seconds=0.04), _tally(100, seconds=0.002)) == []


def test_the_time_is_that_of_95_percent_and_without_websockets() -> None:
    tally = _tally(950, seconds=0.1)
    for _ in range(50):
        tally.count(200, 5.0)
    for _ in range(1000):
        tally.count(101, 3600.0)
    assert tally.seconds == pytest.approx(0.1, rel=0.05)
    assert (tally.requests, tally.failed) == (2000, 0)


def test_without_a_limit_nothing_is_too_slow() -> None:
    unlimited = CanarySettings(10, 600, "", max_errors=1, max_slowdown=0, min_requests=20)
    assert list(problems("web", _tally(100, seconds=9), _tally(100, seconds=0.1), unlimited, at_end=True)) == []
