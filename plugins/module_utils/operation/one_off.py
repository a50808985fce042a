"""A command in a container of its own, from the live release of a service: its image, environment, secrets, networks.

Place in the pipeline: target, for the module ``run``. Compose starts the container in the background; the controller
asks again and again what it says and whether it has ended. A process of its own, the guard, removes the container
whatever happens to the controller and to the module.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, log_stream
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.status import absence
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed, duration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: The longest time limit, in seconds: a day.
MAX_SECONDS = 86400
#: Seconds that the guard leaves to the controller, to read the last output and to stop a container in time.
_TO_READ, _TO_STOP = 60.0, 20.0
#: Seconds that one call waits for a line, and the time between two looks.
_POLL_SECONDS = 5.0
_INTERVAL = 0.2
#: Limits of the output of one call: bytes that are read, the seconds for it, and lines that are returned.
_MAX_READ = 4 * 1024**2
_READ_SECONDS = 15.0
_MAX_LINES = 2000
#: Seconds between the stop signal and SIGKILL, when the time is over.
_STOP_SECONDS = 10
_LATE = 0.2


@dataclass(frozen=True)
class OneOff:
    """A command that runs. ``began`` and ``deadline``: when it was started and will be stopped, in epoch seconds."""

    container: str
    began: float
    deadline: float


@dataclass
class Progress:
    """What a command has said since the last look, and whether it has ended.

    ``code``: its exit code, ``None`` if it still runs. ``timed_out``: it was stopped because its time was over.
    ``until``: where to go on reading.
    """

    until: float
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    code: int | None = None
    timed_out: bool = False


def live(home: Home, service: str) -> dict[str, Any]:
    """Return the manifest of the live release, which has the service.

    :raises RolloutFailed: if there is none, or it has no such service.
    """
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(absence(home) or home.live_problem() or "no release is live on this host; deploy first")
    if service not in manifest["services"]:
        raise RolloutFailed(f"release {manifest['release']} has no service '{service}'")
    return manifest


def arguments(service: str, command: Sequence[str]) -> list[str]:
    """Return the command line, without ``docker``, that does the same at a terminal."""
    return ["compose", "run", "--rm", "--no-deps", service, *command]


def begin(home: Home, service: str, command: Sequence[str], seconds: float) -> OneOff:
    """Start a command, and return what it takes to follow it.

    :param command: the words after the entrypoint of the service. :param seconds: its time limit.
    :raises RolloutFailed: if it cannot be started. :raises DockerError: if Compose refuses it.
    """
    if not 1 <= seconds <= MAX_SECONDS:
        raise RolloutFailed(f"run_timeout: {seconds:g} is not a number of seconds from 1 to {MAX_SECONDS}")
    manifest = live(home, service)
    began = time.time()
    name = f"{manifest['stack']}-{service}-run-{secrets.token_hex(4)}"
    options = ["--detach", "--no-deps", "-T", "--name", name]
    try:
        docker.run(["compose", "run", *options, service, *command], cwd=str(home.release(manifest["release"])))
    except (DockerError, RolloutFailed):
        # Compose may have created it, and failed to start it.
        remove(name)
        raise
    return OneOff(name, began, began + seconds)


def guard(run: OneOff) -> None:
    """Wait until a container is gone, and remove it if nobody else does: after its end or its deadline."""
    ended = 0.0
    while True:
        container = docker.inspect(run.container)
        if container is None:
            return
        now = time.time()
        ended = ended or (now if container.state not in ("created", "running") else 0.0)
        if (ended and now > ended + _TO_READ) or (not ended and now > run.deadline + _TO_STOP):
            remove(run.container)
            return
        time.sleep(1.0)


def remove(name: str) -> None:
    """Remove a container with its anonymous volumes, if it is there, and end what still runs in it."""
    if docker.inspect(name) is not None:
        docker.run(["rm", "--force", "--volumes", name])


def progress(run: OneOff, cursor: float, mask: Callable[[str], str]) -> Progress:
    """Return what the command has said since *cursor*. Wait up to five seconds for that, or for its end.

    At its end, or when its time is over, the container is removed.

    :raises RolloutFailed: if somebody has removed it.
    """
    give_up = time.monotonic() + _POLL_SECONDS
    while True:
        container = docker.inspect(run.container)
        if container is None:
            raise RolloutFailed(
                f"container {run.container} was removed by somebody else, so its exit code is not known"
            )
        over = time.time() > run.deadline
        if over and container.state == "running":
            docker.run(["stop", "--time", str(_STOP_SECONDS), run.container])
            container = docker.inspect(run.container) or container
        ended = container.state not in ("created", "running")
        found = _output(run, cursor, time.time() - (0.0 if ended else _LATE), mask)
        if ended:
            found.code, found.timed_out = container.exit_code, over
            remove(run.container)
        if ended or found.lines or time.monotonic() > give_up:
            return found
        time.sleep(_INTERVAL)


def _output(run: OneOff, cursor: float, until: float, mask: Callable[[str], str]) -> Progress:
    limit = log_stream.Limit(_MAX_READ, time.monotonic() + _READ_SECONDS)
    result = Progress(max(until, cursor))
    try:
        lines = [text for _at, text in log_stream.read(run.container, cursor, result.until, _MAX_LINES + 1, limit)]
    except DockerError as error:
        result.notes.append(f"its output cannot be read: {error}")
        return result
    if len(lines) > _MAX_LINES or limit.reached:
        result.notes.append(f"it says more than is shown: at most {_MAX_LINES} lines at a time")
    result.lines = [mask(text) for text in lines[-_MAX_LINES:]]
    return result


def limit_sentence(run: OneOff) -> str:
    """Return why a command that was stopped was stopped."""
    return f"the command did not end within {duration(round(run.deadline - run.began))}, so it was stopped and removed"
