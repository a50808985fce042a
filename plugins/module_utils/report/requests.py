"""How many requests the edge has answered in each second around a rollout, from its access log.

Place in the pipeline: target, read-only, for the report. The engine has the log for as long as it has the container,
within the limits of the container's log.
"""

from __future__ import annotations

import calendar
import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Seconds before and after a rollout that are counted, too.
MARGIN = 15
#: The longest time that is counted around one rollout, in seconds. A longer one is counted from its beginning.
MAX_SECONDS = 1800
#: The time and the status in a line of nginx, and in one of Traefik.
_STATUS_KEYS = ("status", "DownstreamStatus")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass
class Window:
    """The requests in a time: ``answered`` and ``failed`` (a status of 500 or more) for each second from ``start``."""

    start: int
    end: int
    answered: dict[int, int] = field(default_factory=dict)
    failed: dict[int, int] = field(default_factory=dict)

    @classmethod
    def around(cls, start: float, end: float) -> Window:
        """Return the window of a rollout, still empty."""
        first = int(start) - MARGIN
        return cls(first, min(int(end) + 1 + MARGIN, first + MAX_SECONDS))

    def count(self, second: int, status: int) -> None:
        """Count a request."""
        if self.start <= second < self.end:
            of = self.failed if status >= 500 else self.answered
            of[second] = of.get(second, 0) + 1

    def data(self) -> dict[str, Any]:
        """Return ``{start, answered, failed}``: numbers of requests in one second after the other."""
        seconds = range(self.start, self.end)
        return {
            "start": self.start,
            "answered": [self.answered.get(second, 0) for second in seconds],
            "failed": [self.failed.get(second, 0) for second in seconds],
        }


def count(lines: Iterable[str], windows: Sequence[Window]) -> None:
    """Count the requests in the *lines* of an access log. Anything else in the log is passed over."""
    for line in lines:
        if found := _request(line):
            for window in windows:
                window.count(*found)


def _request(line: str) -> tuple[int, int] | None:
    """Return the second and the status of a request; ``None`` if the line is about something else."""
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    status = next((entry[key] for key in _STATUS_KEYS if isinstance(entry.get(key), int)), None)
    second = _second(entry.get("time"))
    return None if status is None or second is None else (second, status)


def _second(text: object) -> int | None:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    try:
        second = calendar.timegm(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None
    if found[2] == "Z":
        return second
    hours, minutes = found[2][1:].split(":")
    return second - (1 if found[2][0] == "+" else -1) * (int(hours) * 3600 + int(minutes) * 60)
