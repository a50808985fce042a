"""One rollout at a time for each stack of a host.

Place in the pipeline: target, held by the rollout's own process. The lease is a lock of the kernel on ``state/lease``:
it cannot outlive the processes that share it, so a killed rollout or a reboot leaves nothing to clean up, and one taken
before :func:`detach` is held by the detached process. The file's text only says who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Seconds for which a held lease is tried again before it counts as held.
_MOMENT = 0.5


class LeaseHeld(Exception):
    """Another rollout is under way. The message says whose, and since when."""


class Lease:
    """The lease of one stack. Keep the object: the lock goes when it does."""

    def __init__(self, path: Path, owner: str, release: str, begin: Callable[[], int]) -> None:
        """Take the lease.

        :param begin: gives the place in the journal, in bytes, where the rollout begins, for those who come later to
            follow it. It is asked with the lease taken, and before that says whose it is: whoever joins a rollout
            never reads how an earlier one ended.
        :raises LeaseHeld: when another process has it.
        """
        self._stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+", encoding="utf-8")
        # Whoever asks for the holder has the lock for a moment; a rollout has it for longer than this.
        deadline = time.monotonic() + _MOMENT
        while not self._lock():
            if time.monotonic() > deadline:
                self._stream.close()
                raise LeaseHeld(describe(path))
            time.sleep(_MOMENT / 10)
        # What stands there is of an earlier rollout, which may have been one of this very release.
        self._stream.truncate(0)
        #: Where in the journal the rollout begins.
        self.journal = begin()
        json.dump({"owner": owner, "release": release, "since": time.time(), "journal": self.journal}, self._stream)
        self._stream.flush()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close_own_copy(self) -> None:
        """Close this process's copy; a process that was forked meanwhile holds the lease on."""
        self._stream.close()


def holder(path: Path) -> dict[str, Any] | None:
    """Return who holds the lease (``owner``, ``release``, ``since``, ``journal``), ``None`` where nobody does."""
    if not path.exists():
        return None
    with open(path, encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            text = stream.read()
    found: dict[str, Any] = json.loads(text or "{}")
    return {"owner": "another rollout", "release": "", "since": time.time(), "journal": 0, **found}


def describe(path: Path) -> str:
    """Return a sentence on who holds the lease."""
    found = holder(path)
    if found is None:
        return "a rollout ended this moment; run again"
    seconds = max(0.0, time.time() - found["since"])
    return f"a rollout of release {found['release']} by {found['owner']} is under way since {seconds:.0f} s"
