"""A client that asks many times per second and records who answers: the timeline of a rollout as the public sees it."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Headers with the release of the edge and the version of the application that an answer comes from.
RELEASE, VERSION = "X-Release", "X-App-Version"
#: Seconds after which a request without an answer counts as failed.
TIMEOUT = 10


@dataclass(frozen=True)
class Sample:
    """One request: when it was sent (seconds since the start), and either the answer or the error."""

    at: float
    status: int | None = None
    release: str | None = None
    version: str | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it was not answered with 200."""
        return self.status != 200


@dataclass
class Second:
    """One second of the timeline: number of answers by (release, version), number of failures by reason."""

    second: int
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        answers = ", ".join(f"{version} by {release} {count}" for (release, version), count in self.answers.items())
        reasons = "".join(f", {reason} {count}" for reason, count in self.failures.items())
        answered, failed = self.answers.total(), self.failures.total()
        return f"{self.second:4} s  {answered:3} answers  {failed:3} failed  {answers}{reasons}"


def seconds(samples: Iterable[Sample]) -> list[Second]:
    """Return the timeline, without the seconds in which nothing was sent."""
    found: dict[int, Second] = {}
    for sample in sorted(samples, key=lambda one: one.at):
        row = found.setdefault(int(sample.at), Second(int(sample.at)))
        if sample.failed:
            row.failures[sample.error or f"status {sample.status}"] += 1
        else:
            row.answers[(sample.release or "-", sample.version or "-")] += 1
    return list(found.values())


class Visitor:
    """Requests a path from several threads, each time on a new connection.

    :param rate: requests per second of all threads together.
    """

    def __init__(self, host: str, port: int, path: str, rate: float = 20, threads: int = 4) -> None:
        self.samples: list[Sample] = []
        self.started = time.monotonic()
        self._target = (host, port, path)
        self._pause = threads / rate
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Start the threads."""
        self.started = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the threads and wait for the last answers."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self) -> None:
        while not self._stop.wait(self._pause):
            self.samples.append(ask(*self._target, since=self.started))


def ask(host: str, port: int, path: str, since: float = 0) -> Sample:
    """Send one request on a new connection. *since* is the start of the load on the monotonic clock."""
    at = time.monotonic() - since
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        response.read()
        return Sample(at, response.status, response.getheader(RELEASE), response.getheader(VERSION))
    except (OSError, http.client.HTTPException) as error:
        return Sample(at, error=str(error) or type(error).__name__)
    finally:
        connection.close()
