"""The results of the bench: medians and ratios, as a table and as plain data. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

_SHARE = re.compile(r"([\d.]+) s ([a-z ]+)")


@dataclass(frozen=True)
class Contest:
    """Seconds of each side in each round, in the order of the rounds.

    ``ours`` is the side that the others are compared with, if any. ``aims`` has the aim of each side as a text. It is
    only printed, not checked.
    """

    title: str
    seconds: Mapping[str, list[float]]
    ours: str | None
    aims: Mapping[str, str]

    def ratio(self, side: str) -> float | None:
        """Return the time of a side divided by ours: the median over the rounds, because each has the same load."""
        if self.ours in (None, side):
            return None
        return median(other / own for other, own in zip(self.seconds[side], self.seconds[self.ours], strict=True))

    def lines(self) -> list[str]:
        """Return the lines of the table, one per side."""
        rows: list[tuple[str, ...]] = [(self.title, "median", "min", "max", "", "")]
        for side, taken in self.seconds.items():
            numbers = (f"{value:.2f} s" for value in (median(taken), min(taken), max(taken)))
            aim = f"aim: {self.aims[side]}" if side in self.aims else ""
            rows.append((f"  {side}", *numbers, versus(self.ratio(side)), aim))
        return aligned(rows)

    def data(self) -> dict[str, Any]:
        """Return the result as JSON data, with every single time."""
        return {
            "title": self.title,
            "sides": {
                side: {
                    "median": median(taken),
                    "min": min(taken),
                    "max": max(taken),
                    "times_ours": self.ratio(side),
                    "seconds": taken,
                }
                for side, taken in self.seconds.items()
            },
        }


def shares(accounts: Iterable[str]) -> dict[str, list[float]]:
    """Return the seconds of each share of a rollout's time. *accounts* are the last texts of rollouts.

    A share that is not in a text has 0 s.
    """
    found = [{words: float(seconds) for seconds, words in _SHARE.findall(text)} for text in accounts]
    names = dict.fromkeys(words for account in found for words in account)
    return {words: [account.get(words, 0.0) for account in found] for words in names}


def versus(ratio: float | None) -> str:
    """Return our comparison with a side whose time is *ratio* times ours."""
    if ratio is None:
        return ""
    return f"ours is {ratio:.1f} x faster" if ratio >= 1.5 else f"ours takes {1 / ratio:.2f} x its time"


def aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return *rows* as lines. The numbers are aligned to the right, the first and the last two columns to the left."""
    table = list(rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  ".join(
            cell.rjust(width) if 1 <= column <= 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
