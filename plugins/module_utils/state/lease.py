"""The lease, the deploy lock: one rollout at a time for each stack of a host.

Place in the pipeline: target, held by the rollout's own process. The lease is a kernel lock on the file
``state/lease``. It ends with the last process that shares it, so a killed rollout or a reboot leaves nothing to clean
up. A lease that is taken before ``detach`` is held by the detached process. The text of the file only says who holds
the lease.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

#: What the lease is taken for while data is saved. It changes nothing, so a rollout waits for it.
BACKUP = "backup"
#: What it is taken for while the edge gets another certificate. That takes seconds, so a rollout waits for it, too.
CERTIFICATE = "renewal of the certificate"
#: What it is taken for while the edge is closed or opened. That takes seconds, too.
MAINTENANCE = "switch of the maintenance"
#: What it is taken for while the host is drained or put back.
DRAIN = "drain of the host"
#: What it is taken for while the stack is stopped or started.
STOP = "stop or start of the stack"
#: Work that a rollout waits for.
SHORT_WORK = (BACKUP, CERTIFICATE, MAINTENANCE)
#: Seconds between two tries of who waits for the lease.
_POLL_SECONDS = 1.0
#: Seconds for which taking the lease is retried.
_RETRY_SECONDS = 0.5
_REMEDY = "Remove it and run the playbook again"
_MAX_TEXT = 64 * 1024
_FIELDS: Mapping[str, state_file.Types] = {
    "owner": str,
    "release": str,
    "since": (int, float),
    "journal": int,
    "user": str,
    "pid": int,
    "work": str,
}


class LeaseHeld(Exception):
    """Another rollout is under way. The message says who started it, and when."""

    def __init__(self, message: str, work: str = "") -> None:
        """:param work: what the lease was taken for, empty if it does not say so."""
        super().__init__(message)
        self.work = work


class Lease:
    """The lease of one stack. Keep the object: the lock is released with it."""

    def __init__(
        self, path: Path, owner: str, release: str, journal_offset: Callable[[], int], work: str = "rollout"
    ) -> None:
        """Take the lease.

        :param work: what it is taken for, as one word for people.
        :param journal_offset: returns the offset in the journal, in bytes, where the rollout starts. A later run that
            joins the rollout reads from there. It is called while the lease is held and before the lease names its
            owner, so a run that joins never reads the end of an earlier rollout.
        :raises LeaseHeld: if another process holds the lease.
        :raises RolloutFailed: if something else than a regular file is in the place of the file.
        """
        self._size = 0
        self._stream = os.fdopen(_open(path, os.O_RDWR | os.O_CREAT), "r+", encoding="utf-8")
        # A process that asks for the holder has the lock for a short time. A rollout has it for longer than this.
        deadline = time.monotonic() + _RETRY_SECONDS
        while not self._lock():
            if time.monotonic() > deadline:
                self._stream.close()
                current = holder(path)
                raise LeaseHeld(_sentence(path, current), str((current or {}).get("work", "")))
            time.sleep(_RETRY_SECONDS / 10)
        # The text is that of an earlier rollout, maybe of the same release.
        self._stream.truncate(0)
        #: The offset in the journal where the rollout starts.
        self.journal_offset = journal_offset()
        self._text = {
            "owner": owner,
            "release": release,
            "since": time.time(),
            "journal": self.journal_offset,
            "user": _user(),
            "pid": os.getpid(),
            "work": work,
        }
        self._write()

    def hand_over(self, function: Callable[[], None]) -> Callable[[], None]:
        """Return *function* for a process that is forked from this one. The lease then names that process."""

        def run() -> None:
            self._text["pid"] = os.getpid()
            # The text is for people. The lease is held without it.
            with contextlib.suppress(OSError):
                self._write()
            function()

        return run

    def _write(self) -> None:
        self._stream.seek(0)
        self._stream.write(json.dumps(self._text).ljust(self._size))
        self._stream.flush()
        self._size = self._stream.tell()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close_own_copy(self) -> None:
        """Close the copy of this process. A process that was forked from it keeps the lease."""
        self._stream.close()


def take(path: Path, owner: str, name: str, journal_offset: Callable[[], int], work: str, patience: float) -> Lease:
    """Take a lease as soon as nothing else is under way.

    :param name: of the work in the journal. :param patience: seconds to wait. :param work: see :class:`Lease`.
    :raises LeaseHeld: if something else is under way for longer. :raises RolloutFailed: as :class:`Lease`.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return Lease(path, owner, name, journal_offset, work)
        except LeaseHeld:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)


def holder(path: Path) -> dict[str, Any] | None:
    """Return who holds the lease, ``None`` if it is free.

    The keys are ``owner``, ``release``, ``since``, ``journal``, and if they are known ``user`` and ``pid``.
    """
    try:
        file = _open(path, os.O_RDONLY)
    except (FileNotFoundError, RolloutFailed):
        return None
    with os.fdopen(file, "rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            text = stream.read(_MAX_TEXT)
    return {"owner": "another rollout", "release": "", "since": time.time(), "journal": 0, **_known(text)}


def _open(path: Path, flags: int) -> int:
    """Open the lease. A link is not followed, and a pipe does not block."""
    try:
        file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RolloutFailed(f"{path} cannot be opened: {error.strerror}. {_REMEDY}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise RolloutFailed(f"{path} is not a regular file. {_REMEDY}")
    return file


def _known(text: bytes) -> dict[str, Any]:
    """Return what the text of a lease says. A damaged text says nothing, but the lease is held all the same."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    said = said if isinstance(said, dict) else {}
    return {name: said[name] for name, types in _FIELDS.items() if not state_file.wrong_field(said, {name: types})}


def describe(path: Path) -> str:
    """Return a sentence that says who holds the lease."""
    return _sentence(path, holder(path))


def _sentence(path: Path, current: Mapping[str, Any] | None) -> str:
    if current is None:
        return "a rollout has just ended; run the playbook again"
    if not current["release"]:
        return f"a rollout is under way, but {path} does not say who started it"
    seconds = max(0.0, time.time() - current["since"])
    process = f" (process {current['pid']} of user {current['user']})" if {"pid", "user"} <= set(current) else ""
    work = current.get("work", "rollout")
    named = f"a rollout of release {current['release']}" if work == "rollout" else f"a {work}"
    return f"{named} by {current['owner']} has been under way for {seconds:.0f} s{process}"


def _user() -> str:
    """Return the user of this host whose login takes the lease."""
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
