"""The lease, the deploy lock: one rollout at a time for each stack of a host.

Place in the pipeline: target, held by the rollout's own process. The lease is a kernel lock on the file
``state/lease``. It ends with the last process that shares it, so a killed rollout or a reboot leaves nothing to clean
up. A lease that is taken before ``detach`` is held by the detached process. The text of the file only says who holds
the lease.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Seconds for which taking the lease is retried.
_RETRY_SECONDS = 0.5


class LeaseHeld(Exception):
    """Another rollout is under way. The message says who started it, and when."""


class Lease:
    """The lease of one stack. Keep the object: the lock is released with it."""

    def __init__(self, path: Path, owner: str, release: str, journal_offset: Callable[[], int]) -> None:
        """Take the lease.

        :param journal_offset: returns the offset in the journal, in bytes, where the rollout starts. A later run that
            joins the rollout reads from there. It is called while the lease is held and before the lease names its
            owner, so a run that joins never reads the end of an earlier rollout.
        :raises LeaseHeld: if another process holds the lease.
        """
        self._stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+", encoding="utf-8")
        # A process that asks for the holder has the lock for a short time. A rollout has it for longer than this.
        deadline = time.monotonic() + _RETRY_SECONDS
        while not self._lock():
            if time.monotonic() > deadline:
                self._stream.close()
                raise LeaseHeld(describe(path))
            time.sleep(_RETRY_SECONDS / 10)
        # The text is that of an earlier rollout, maybe of the same release.
        self._stream.truncate(0)
        #: The offset in the journal where the rollout starts.
        self.journal_offset = journal_offset()
        text = {"owner": owner, "release": release, "since": time.time(), "journal": self.journal_offset}
        json.dump(text, self._stream)
        self._stream.flush()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close_own_copy(self) -> None:
        """Close the copy of this process. A process that was forked from it keeps the lease."""
        self._stream.close()


def holder(path: Path) -> dict[str, Any] | None:
    """Return who holds the lease (``owner``, ``release``, ``since``, ``journal``), ``None`` if it is free."""
    if not path.exists():
        return None
    with open(path, encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            text = stream.read()
    known: dict[str, Any] = json.loads(text or "{}")
    return {"owner": "another rollout", "release": "", "since": time.time(), "journal": 0, **known}


def describe(path: Path) -> str:
    """Return a sentence that says who holds the lease."""
    current = holder(path)
    if current is None:
        return "a rollout has just ended; run the playbook again"
    seconds = max(0.0, time.time() - current["since"])
    return f"a rollout of release {current['release']} by {current['owner']} has been under way for {seconds:.0f} s"
