"""The logs of a stack's services on this host: of all containers together, by time, masked and bounded.

Place in the pipeline: target, read-only. Containers that have ended are read too, as long as the engine has them.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ansible_collections.slipway.stack.plugins.module_utils.backup import moments
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, log_stream, scheduled_services
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: The largest number of lines of one call.
MAX_LINES = 10_000
#: Limits of one call: bytes that are read, seconds that this may take, characters that are returned.
_MAX_READ = 256 * 1024**2
_SECONDS = 30.0
_MAX_SHOWN = 2 * 1024**2
#: The engine writes a line a moment after the time that the line gets. Without it, following would lose such lines.
_LATE = 0.2
#: Seconds that a call that follows waits for a line, and the time between two looks.
_POLL_SECONDS = 5.0
_INTERVAL = 0.5
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(?:[0-9]{1,6}[smhd])+")


@dataclass(frozen=True)
class Query:
    """What to read. ``services``: their names, empty for all. ``since``: seconds of the epoch.

    ``grep``: only lines with this text, in capital or small letters; empty for all. ``lines``: the largest number.
    """

    services: tuple[str, ...]
    since: float
    grep: str = ""
    lines: int = 500


@dataclass
class Found:
    """What was read. ``lines``: ``{at, service, container, text}``, oldest first. ``until``: where to go on.

    ``notes``: sentences about what is not in it. ``known``: the services that this host has.
    """

    until: float
    known: list[str]
    lines: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def since(text: str, now: float) -> float:
    """Return the moment of a text in seconds of the epoch: ``10m``, ``1h30m``, or ``2026-11-26 08:15:00+00``.

    :raises RolloutFailed: if it is neither.
    """
    if _SPAN.fullmatch(text):
        return max(0.0, now - sum(int(one[:-1]) * _UNITS[one[-1]] for one in re.findall("[0-9]+[smhd]", text)))
    try:
        return moments.parse(text).timestamp()
    except ValueError as error:
        raise RolloutFailed(f"since: {error}, and no time span such as '10m', '2h' or '1d'") from None


def read(home: Home, project: str, query: Query, mask: Callable[[str], str], until: float | None = None) -> Found:
    """Return the newest lines.

    :param mask: masks secrets in a text. :param until: seconds of the epoch, by default a moment ago.
    :raises DockerError: if the engine does not answer.
    """
    containers = [*docker.containers(project), *scheduled_services.tasks_here(project)]
    manifest = home.manifest(home.current_id()) or {"services": {}}
    known = sorted({*manifest["services"], *(one.service for one in containers if one.service)})
    found = Found(time.time() - _LATE if until is None else until, known)
    limit = log_stream.Limit(_MAX_READ, time.monotonic() + _SECONDS)
    every: list[tuple[str, Container, str]] = []
    for container in _selected(containers, query.services):
        try:
            every += [(at, container, text) for at, text in _of_container(container, query, found.until, limit)]
        except DockerError as error:
            found.notes.append(f"the log of {container.name} cannot be read: {error}")
    every.sort(key=lambda line: line[0])
    _cut(found, every, query, limit, mask)
    return found


def follow(home: Home, project: str, query: Query, mask: Callable[[str], str]) -> Found:
    """Return the lines since ``query.since``; wait up to five seconds for the first one."""
    deadline = time.monotonic() + _POLL_SECONDS
    while True:
        found = read(home, project, query, mask)
        if found.lines or found.notes or time.monotonic() > deadline:
            return found
        time.sleep(_INTERVAL)


def _selected(containers: Collection[Container], services: Collection[str]) -> list[Container]:
    return [one for one in containers if one.state != "created" and (not services or one.service in services)]


def _of_container(
    container: Container, query: Query, until: float, limit: log_stream.Limit
) -> Collection[tuple[str, str]]:
    # One more than are shown, so that it is known whether there are more. A search has to read them all.
    tail = 0 if query.grep else query.lines + 1
    newest: deque[tuple[str, str]] = deque(maxlen=query.lines + 1)
    wanted = query.grep.lower()
    for at, text in log_stream.read(container.id, query.since, until, tail, limit):
        if wanted in text.lower():
            newest.append((at, text))
    return newest


def _cut(
    found: Found,
    every: list[tuple[str, Container, str]],
    query: Query,
    limit: log_stream.Limit,
    mask: Callable[[str], str],
) -> None:
    """Keep the newest lines within the limits, and say what was left out."""
    size, first = 0, len(every)
    while first > max(0, len(every) - query.lines) and size + len(every[first - 1][2]) <= _MAX_SHOWN:
        first -= 1
        size += len(every[first][2])
    for at, container, text in every[first:]:
        found.lines.append({"at": at, "service": container.service, "container": container.name, "text": mask(text)})
    if first:
        found.notes.append(
            f"only the newest {len(found.lines)} lines are shown; see more with -e lines=, fewer with -e service=, "
            "-e since= or -e grep="
        )
    if limit.reached:
        found.notes.append(
            f"the logs are larger than what is read at once ({_MAX_READ // 1024**2} MiB or {_SECONDS:.0f} s), so lines "
            "are missing; choose a shorter time with -e since= or a service with -e service="
        )
