from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import journal

from tests.bench.figures import Contest, shares, versus

TURNS = Contest(
    "nothing to do",
    {"ours": [1.0, 4.0, 2.0], "theirs": [20.0, 48.0, 30.0], "ping": [0.8, 3.2, 2.0]},
    ours="ours",
    aims={"theirs": "at least 15 x faster"},
)


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    # The ratios are 20, 12 and 15. The ratio of the sums is 14.
    assert TURNS.ratio("theirs") == pytest.approx(15.0)
    assert TURNS.ratio("ping") == pytest.approx(0.8)
    assert TURNS.ratio("ours") is None


def test_load_in_a_round_does_not_change_the_ratio() -> None:
    loaded = Contest("", {"ours": [1.0, 1.0, 50.0], "theirs": [15.0, 15.0, 750.0]}, ours="ours", aims={})
    assert loaded.ratio("theirs") == pytest.approx(15.0)


def test_the_table_has_a_row_per_side() -> None:
    assert TURNS.lines() == [
        "nothing to do   median      min      max",
        "  ours          2.00 s   1.00 s   4.00 s",
        "  theirs       30.00 s  20.00 s  48.00 s  ours is 15.0 x faster       aim: at least 15 x faster",
        "  ping          2.00 s   0.80 s   3.20 s  ours takes 1.25 x its time",
    ]


def test_the_data_has_every_time() -> None:
    assert TURNS.data()["sides"]["theirs"] == {
        "median": 30.0,
        "min": 20.0,
        "max": 48.0,
        "times_ours": pytest.approx(15.0),
        "seconds": [20.0, 48.0, 30.0],
    }


def test_without_our_side_there_is_no_comparison() -> None:
    sizes = Contest("rendering", {"100": [0.1], "1000": [1.0]}, ours=None, aims={"1000": "below 2 s"})
    assert sizes.lines()[-1].split() == ["1000", "1.00", "s", "1.00", "s", "1.00", "s", "aim:", "below", "2", "s"]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (None, ""),
        (20.04, "ours is 20.0 x faster"),
        (1.5, "ours is 1.5 x faster"),
        (1.0, "ours takes 1.00 x its time"),
        (0.5, "ours takes 2.00 x its time"),
    ],
)
def test_a_ratio_is_written_as_a_comparison(ratio: float | None, words: str) -> None:
    assert versus(ratio) == words


def test_shares_are_read_from_the_end_of_a_rollout() -> None:
    texts = [journal.time_summary(9.0, {"start": 6.0, "drain": 1.0}), journal.time_summary(2.5, {})]
    assert shares(f"release {number} is live: {text}" for number, text in enumerate(texts)) == {
        "waiting until healthy": [6.0, 0.0],
        "draining": [1.0, 0.0],
        "for everything else": [2.0, 2.5],
    }
