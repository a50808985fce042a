"""The lock of an upload: while a release is written to a stack's directory, nothing in it is cleaned up.

Place in the pipeline: target, held by ``ship`` while it writes, and by the cleanup of a rollout. It is not the lease: a
release can be uploaded while the rollout of another one is under way.
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: Seconds that an upload waits for another one, or for a cleanup. Both take seconds.
WAIT_SECONDS = 60.0


@contextlib.contextmanager
def lock(home: Home, seconds: float = WAIT_SECONDS) -> Iterator[bool]:
    """Hold the lock, and yield whether it was free within some *seconds*. A killed process holds it no longer."""
    home.state.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + seconds
    # Opened to append, so that an upload without a change leaves the file as it is.
    with open(home.upload_lock, "a", encoding="utf-8") as stream:
        while not (locked := _lock(stream.fileno())) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield locked


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
