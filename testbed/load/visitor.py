"""Somebody who asks many times a second and notes who answered: the timeline of a rollout as the public sees it."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Headers that tell which release of the edge, and which version of the application, an answer comes from.
RELEASE, VERSION = "X-Release", "X-App-Version"
#: Seconds that an answer may take.
PATIENCE = 10


@dataclass(frozen=True)
class Sight:
    """One request: when it was sent (seconds since the begin), and the answer, or the error in its place."""

    at: float
    status: int | None = None
    release: str | None = None
    version: str | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it got no answer, or another one than 200."""
        return self.status != 200


@dataclass
class Second:
    """What was seen within one second of the timeline: answers by (release, version), failures by reason."""

    second: int
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        who = ", ".join(f"{version} by {release} {count}" for (release, version), count in self.answers.items())
        why = "".join(f", {reason} {count}" for reason, count in self.failures.items())
        answered, failed = self.answers.total(), self.failures.total()
        return f"{self.second:4} s  {answered:3} answers  {failed:3} failed  {who}{why}"


def seconds(sights: Iterable[Sight]) -> list[Second]:
    """Return the timeline; a second in which nothing was sent is left out."""
    found: dict[int, Second] = {}
    for sight in sorted(sights, key=lambda one: one.at):
        row = found.setdefault(int(sight.at), Second(int(sight.at)))
        if sight.failed:
            row.failures[sight.error or f"status {sight.status}"] += 1
        else:
            row.answers[(sight.release or "-", sight.version or "-")] += 1
    return list(found.values())


class Visitor:
    """Asks for a path, each time on a connection of its own, from several threads.

    :param rate: requests a second of all threads together.
    """

    def __init__(self, host: str, port: int, path: str, rate: float = 20, threads: int = 4) -> None:
        self.sights: list[Sight] = []
        self.begun = time.monotonic()
        self._target = (host, port, path)
        self._pause = threads / rate
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Begin."""
        self.begun = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, with the last answers in."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self) -> None:
        while not self._over.wait(self._pause):
            self.sights.append(ask(*self._target, since=self.begun))


def ask(host: str, port: int, path: str, since: float = 0) -> Sight:
    """Send one request on a connection of its own; *since* is the begin on the monotonic clock."""
    at = time.monotonic() - since
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        response.read()
        return Sight(at, response.status, response.getheader(RELEASE), response.getheader(VERSION))
    except (OSError, http.client.HTTPException) as error:
        return Sight(at, error=str(error) or type(error).__name__)
    finally:
        connection.close()
