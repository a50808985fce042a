"""All load of one session, and the report about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType

from testbed import shell
from testbed.load.hey import STEP, Hey, Summary, arguments, install
from testbed.load.visitor import Sample, Visitor, ask
from testbed.load.websocket import Connection, Socket

#: Paths of the example application: the page, an immediate answer, an answer after five seconds, the websocket.
PAGE, QUICK, SLOW, SOCKET = "/", "/api/version", "/api/sleep?seconds=5", "/api/ws"
SLOW_SECONDS = 5.0
#: The number of failures of the visitor that a report lists with their times.
_SHOWN = 10


@dataclass(frozen=True)
class Profile:
    """The amount of load.

    :param rate: short requests per second. Two thirds go to the application on keep-alive connections, one third goes
        to the page on new connections.
    :param slow: number of five-second requests in flight.
    :param socket: whether to open a websocket.
    :param longest: seconds after which the load ends by itself.
    """

    rate: float = 420
    slow: int = 6
    socket: bool = True
    longest: int = 900


@dataclass(frozen=True)
class Report:
    """The result of a session: the summary of each `hey` by its path, the visitor's samples, the websockets."""

    seconds: float
    short: dict[str, Summary]
    slow: Summary
    samples: list[Sample] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """The number of all requests, with those of the visitor."""
        return sum(summary.requests for summary in self._all()) + len(self.samples)

    @property
    def failed(self) -> int:
        """The number of requests that were not answered with 200, and of websockets that could not be opened."""
        visitor = sum(sample.failed for sample in self.samples)
        return sum(summary.failed for summary in self._all()) + visitor + len(self.refused)

    @property
    def rate(self) -> float:
        """Short requests per second that `hey` sent."""
        return sum(summary.requests for summary in self.short.values()) / self.seconds

    @property
    def reasons(self) -> dict[str, int]:
        """The number of failed requests by reason."""
        found: dict[str, int] = {}
        counts = [item for summary in self._all() for item in summary.reasons.items()]
        counts += [(sample.error or f"status {sample.status}", 1) for sample in self.samples if sample.failed]
        counts += [(f"websocket: {reason}", 1) for reason in self.refused]
        for reason, count in counts:
            found[reason] = found.get(reason, 0) + count
        return found

    def first(self, release: str) -> float | None:
        """Return when a release answered first, in seconds since the start."""
        return min((sample.at for sample in self.samples if sample.release == release), default=None)

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        rows = [f"{self.requests} requests in {self.seconds:.0f} s, {self.failed} failed"]
        rows += [f"  {path:<22} {_line(summary, self.seconds)}" for path, summary in self.short.items()]
        rows.append(
            f"  {SLOW:<22} {self.slow.finished} of {self.slow.requests} five-second requests finished, "
            f"{self.slow.failed} failed"
        )
        rows += [f"  websocket              {connection}" for connection in self.connections]
        rows += [f"  FAILED {count} x {reason}" for reason, count in self.reasons.items()]
        failures = [sample for sample in self.samples if sample.failed][:_SHOWN]
        rows += [f"  sent at {sample.at:.1f} s: {sample.error or f'status {sample.status}'}" for sample in failures]
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
    """Load on the public port of the example application, as a context manager.

    :param host: name or address of the server, as seen from here.
    """

    def __init__(self, host: str, port: int, profile: Profile | None = None) -> None:
        self._profile = profile or Profile()
        self._base = f"http://{host}:{port}"
        self._visitor = Visitor(host, port, QUICK)
        self._socket = Socket(f"ws://{host}:{port}{SOCKET}")
        self._target = (host, port)
        self._heys: dict[str, Hey] = {}
        self._report: Report | None = None

    def __enter__(self) -> Load:
        install()
        first = self.ask()
        if first.failed:
            raise shell.StepError(f"{STEP}: {self._base}{QUICK} gives {first.error or first.status} instead of 200")
        load = self._profile
        kept = arguments(self._base + QUICK, seconds=load.longest, workers=60, rate=load.rate * 2 / 3)
        fresh = arguments(self._base + PAGE, seconds=load.longest, workers=30, rate=load.rate / 3, keepalive=False)
        # At most one per second and worker. Otherwise they send without a pause when connections are refused.
        slow = arguments(self._base + SLOW, seconds=load.longest, workers=load.slow, rate=load.slow)
        self._started = time.monotonic()
        self._heys = {path: Hey(argv) for path, argv in ((QUICK, kept), (PAGE, fresh), (SLOW, slow))}
        self._visitor.start()
        if load.socket:
            self._socket.start(self._visitor.started)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hey in self._heys.values():
            hey.end()
        seconds = time.monotonic() - self._started
        self._visitor.stop()
        self._socket.stop()
        found = {path: hey.summary() for path, hey in self._heys.items()}
        slow = found.pop(SLOW)
        self._report = Report(
            seconds, found, slow, self._visitor.samples, self._socket.connections, self._socket.refused
        )

    def samples(self) -> list[Sample]:
        """Return the visitor's samples so far."""
        return list(self._visitor.samples)

    def now(self) -> float:
        """Return the seconds since the start, on the clock of the samples."""
        return time.monotonic() - self._visitor.started

    def ask(self) -> Sample:
        """Send one request and return its sample."""
        return ask(*self._target, QUICK)

    @property
    def report(self) -> Report:
        """The report.

        :raises RuntimeError: if the load has not ended.
        """
        if self._report is None:
            raise RuntimeError("the load has not ended")
        return self._report
