"""An engine that restarts during a rollout: wait until it answers again, and repeat what can be repeated.

Place in the pipeline: target, under the steps of a rollout. An upgrade of the engine restarts it. The containers keep
running meanwhile (live-restore), so a rollout can go on afterwards.
"""

from __future__ import annotations

import re
import time
from typing import Callable, TypeVar

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch

T = TypeVar("T")

#: Seconds for which an engine that does not answer is waited for.
SECONDS = 120.0
_INTERVAL = 0.5
#: What the command line says when the engine goes away, before the command or in the middle of it.
_AWAY = re.compile(
    r"cannot connect to the docker daemon|error during connect|connection refused|connection reset by peer|\bEOF\b"
    r"|daemon is shutting down|database not open|the docker engine (?:of this host is not running|does not answer)",
    re.IGNORECASE,
)


def is_away(error: DockerError) -> bool:
    """Return whether a query or a command failed because the engine does not answer."""
    return bool(_AWAY.search("\n".join([str(error), *error.detail])))


def outlasting(query: Callable[[], T]) -> T:
    """Return the answer of a query. If the engine does not answer, ask again for two minutes.

    :raises DockerError: if it does not answer in time, or refuses.
    :raises RolloutFailed: if the rollout is aborted meanwhile.
    """
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return query()
        except DockerError as error:
            if not is_away(error) or time.monotonic() > deadline:
                raise
        watch.check()
        time.sleep(_INTERVAL)


def run(arguments: list[str], cwd: str | None = None, timeout: float = docker.COMMAND_SECONDS) -> str:
    """Run a ``docker`` command that can be repeated safely. If the engine goes away, wait for it and repeat that.

    :raises DockerError: as ``docker.run``.
    """
    try:
        return docker.run(arguments, cwd=cwd, timeout=timeout)
    except DockerError as error:
        if not is_away(error):
            raise
    outlasting(lambda: docker.get("/version"))
    return docker.run(arguments, cwd=cwd, timeout=timeout)
