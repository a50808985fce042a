"""Several tables at once: in order, and after a failure no other one is begun."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.refresh import side_by_side

pytestmark = pytest.mark.usefixtures("two_cores")


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side.os, "cpu_count", lambda: 2)


def test_two_are_done_at_once_and_the_results_are_in_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(item: int) -> int:
        both.wait()
        return item * 10

    assert side_by_side.each(work, [1, 2, 3, 4]) == [10, 20, 30, 40]


def test_nothing_to_do() -> None:
    assert side_by_side.each(str, []) == []


def test_a_failure_is_raised_at_once_and_nothing_else_is_begun() -> None:
    begun, ended = [], threading.Event()

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise ValueError("broken")
        ended.wait(10)

    try:
        with pytest.raises(ValueError, match="broken"):
            side_by_side.each(work, [0, 1, 2, 3])
        # A thread that was free may have begun one more before the failure was noticed.
        assert len(begun) <= 3
    finally:
        ended.set()
