"""How many requests the edge has answered in each second around a rollout, from its access log.

Place in the pipeline: target, read-only, for the report. The engine has the log for as long as it has the container,
within the limits of the container's log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import access_log

#: Seconds before and after a rollout that are counted, too.
MARGIN = 15
#: The longest time that is counted around one rollout, in seconds. A longer one is counted from its beginning.
MAX_SECONDS = 1800


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
        if found := access_log.parse(line):
            for window in windows:
                window.count(found.second, found.status)
