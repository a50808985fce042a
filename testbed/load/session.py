"""All the load of one session together, and the report on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType

from testbed import shell
from testbed.load.hey import STEP, Hey, Summary, arguments, install
from testbed.load.visitor import Sight, Visitor, ask
from testbed.load.websocket import Life, Socket

#: Where the example application answers at once, and after five seconds.
PAGE, QUICK, SLOW, SOCKET = "/", "/api/version", "/api/sleep?seconds=5", "/api/ws"
SLOW_SECONDS = 5.0
#: Failures of the visitor that a report tells the time of.
_SHOWN = 10


@dataclass(frozen=True)
class Profile:
    """How much load.

    :param rate: short requests a second, two thirds to the application on kept connections, one third to the page on
        new ones.
    :param slow: five-second requests in flight at any time.
    :param socket: whether there is a websocket, too.
    :param longest: seconds after which all of it ends by itself.
    """

    rate: float = 420
    slow: int = 6
    socket: bool = True
    longest: int = 900


@dataclass(frozen=True)
class Report:
    """What became of a session: the summaries of each `hey` by what it asked for, the visitor's sights, websockets."""

    seconds: float
    short: dict[str, Summary]
    slow: Summary
    sights: list[Sight] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """All requests, the visitor's among them."""
        return sum(summary.requests for summary in self._all()) + len(self.sights)

    @property
    def failed(self) -> int:
        """All that got no answer, or another one than 200; websockets that could not be opened too."""
        seen = sum(sight.failed for sight in self.sights)
        return sum(summary.failed for summary in self._all()) + seen + len(self.refused)

    @property
    def rate(self) -> float:
        """Short requests a second that hey sent."""
        return sum(summary.requests for summary in self.short.values()) / self.seconds

    @property
    def reasons(self) -> dict[str, int]:
        """Why requests failed."""
        found: dict[str, int] = {}
        told = [item for summary in self._all() for item in summary.reasons.items()]
        told += [(sight.error or f"status {sight.status}", 1) for sight in self.sights if sight.failed]
        told += [(f"websocket: {reason}", 1) for reason in self.refused]
        for reason, count in told:
            found[reason] = found.get(reason, 0) + count
        return found

    def first(self, release: str) -> float | None:
        """Return when a release was seen first, in seconds since the begin."""
        return min((sight.at for sight in self.sights if sight.release == release), default=None)

    def lines(self) -> list[str]:
        """Return the report for a person."""
        rows = [f"{self.requests} requests in {self.seconds:.0f} s, {self.failed} failed"]
        rows += [f"  {path:<22} {_line(summary, self.seconds)}" for path, summary in self.short.items()]
        rows.append(
            f"  {SLOW:<22} {self.slow.finished} of {self.slow.requests} five-second requests finished, "
            f"{self.slow.failed} failed"
        )
        rows += [f"  websocket              {life}" for life in self.lives]
        rows += [f"  FAILED {count} x {reason}" for reason, count in self.reasons.items()]
        failures = [sight for sight in self.sights if sight.failed][:_SHOWN]
        rows += [f"  sent at {sight.at:.1f} s: {sight.error or f'status {sight.status}'}" for sight in failures]
        return rows

    def _all(self) -> Iterator[Summary]:
        yield from self.short.values()
        yield self.slow


def _line(summary: Summary, seconds: float) -> str:
    quick = ", ".join(
        f"{share} % in {summary.percentiles[share] * 1000:.0f} ms"
        for share in (50, 95, 99)
        if share in summary.percentiles
    )
    return f"{summary.requests} requests, {summary.requests / seconds:.0f}/s, {summary.failed} failed; {quick}"


class Load:
    """Load on the example application at a public port, from `with` to its end.

    :param host: where the port is, from here.
    """

    def __init__(self, host: str, port: int, profile: Profile | None = None) -> None:
        self._profile = profile or Profile()
        self._base = f"http://{host}:{port}"
        self._visitor = Visitor(host, port, QUICK)
        self._socket = Socket(f"ws://{host}:{port}{SOCKET}")
        self._where = (host, port)
        self._heys: dict[str, Hey] = {}
        self._report: Report | None = None

    def __enter__(self) -> Load:
        install()
        first = self.who()
        if first.failed:
            raise shell.StepError(f"{STEP}: {self._base}{QUICK} gives {first.error or first.status} instead of 200")
        shape = self._profile
        kept = arguments(self._base + QUICK, seconds=shape.longest, workers=60, rate=shape.rate * 2 / 3)
        fresh = arguments(self._base + PAGE, seconds=shape.longest, workers=30, rate=shape.rate / 3, keepalive=False)
        # One a second from each worker at most, or they would run wild where nobody listens.
        slow = arguments(self._base + SLOW, seconds=shape.longest, workers=shape.slow, rate=shape.slow)
        self._begun = time.monotonic()
        self._heys = {path: Hey(argv) for path, argv in ((QUICK, kept), (PAGE, fresh), (SLOW, slow))}
        self._visitor.start()
        if shape.socket:
            self._socket.start(self._visitor.begun)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hey in self._heys.values():
            hey.end()
        seconds = time.monotonic() - self._begun
        self._visitor.stop()
        self._socket.stop()
        found = {path: hey.summary() for path, hey in self._heys.items()}
        slow = found.pop(SLOW)
        self._report = Report(seconds, found, slow, self._visitor.sights, self._socket.lives, self._socket.refused)

    def sights(self) -> list[Sight]:
        """Return what the visitor has seen so far."""
        return list(self._visitor.sights)

    def now(self) -> float:
        """Return the seconds since the begin, as sights count them."""
        return time.monotonic() - self._visitor.begun

    def who(self) -> Sight:
        """Ask once, and return who answers."""
        return ask(*self._where, QUICK)

    @property
    def report(self) -> Report:
        """What became of it, once it has ended."""
        if self._report is None:
            raise RuntimeError("the load has not ended")
        return self._report
