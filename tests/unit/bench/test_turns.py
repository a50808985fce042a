"""The sides of the bench take turns, and only their work is timed."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.bench.__main__ import _take_turns


def test_what_a_side_does_afterwards_is_done_in_its_turn_and_takes_no_time_of_it() -> None:
    done: list[str] = []

    def slow_to_end() -> Callable[[], object]:
        def end() -> None:
            time.sleep(0.3)
            done.append("end")

        done.append("work")
        return end

    contest = _take_turns("test", {"first": slow_to_end, "second": lambda: done.append("second")}, 2)
    assert done == ["work", "end", "second"] * 2
    assert max(contest.seconds["first"]) < 0.2
