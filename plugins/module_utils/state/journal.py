"""What a rollout does, written down step by step: the controller follows it, and a later run reads where it stopped.

Place in the pipeline: target, beside every step. One JSON object a line in ``state/journal.jsonl``::

    {"at": UNIX_SECONDS, "elapsed": SECONDS, "release": ID, "step": NAME, "part": NAME_OR_NULL, "service": NAME_OR_NULL,
     "state": "started" | "done" | "failed" | "waiting", "text": SENTENCE, "detail": [LINE, ...]}

Whatever changes something is a part of a step, with a record before it and one after it. Those that have no text are
not for the screen. A part without a second record is where a rollout broke off or failed; the reason of a failure is
in the record of the step ``rollout``. A rollout's last record is that of the step ``end``: ``done``, or ``failed`` with
a sentence on what serves now.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: A record in this state says that the rollout waits for the other hosts.
WAITING = "waiting"

#: The parts whose length is not the rollout's own: by part, what the time went into.
_OUTSIDE = {
    "pull": "pulling",
    "job": "for release jobs",
    "create": "creating containers",
    "start": "until healthy",
    "drain": "draining",
    "stop": "stopping",
    "wait": "waiting for other hosts",
}

#: Length, in bytes, from which on a journal is put aside before the next rollout: some hundred rollouts.
_LONG = 4 * 1024**2


class RolloutFailed(Exception):
    """A step of a rollout failed. ``detail``: lines for the journal that show why."""

    def __init__(self, message: str, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.detail = detail


class Journal:
    """Appends to the journal of one stack. Each record reaches the disk before the step goes on."""

    def __init__(self, path: Path, release: str) -> None:
        self._path = path
        self._release = release
        self._begun = time.monotonic()
        self._spent: dict[str, float] = {}
        self._may_be_lost = False

    def tolerate_write_errors(self) -> None:
        """Go on where a record cannot be written from now on: a full disk must not stand in the way back."""
        self._may_be_lost = True

    @contextmanager
    def part(
        self,
        step: str,
        part: str,
        service: str | None = None,
        *,
        begins: str = "",
        ends: str = "",
        state: str = "started",
    ) -> Iterator[None]:
        """Write one record before what is done inside, and one after it unless that raises.

        :param begins: what a person is told before it, *ends* after it; nothing where empty.
        :param state: that of the first record.
        """
        self.write(step, state, begins, service, part=part)
        begun = time.monotonic()
        yield
        self._spent[part] = self._spent.get(part, 0.0) + time.monotonic() - begun
        self.write(step, "done", ends, service, part=part)

    def time_summary(self) -> str:
        """Return in words how long the rollout has taken and what that time went into."""
        return time_summary(time.monotonic() - self._begun, self._spent)

    def write(
        self,
        step: str,
        state: str,
        text: str = "",
        service: str | None = None,
        detail: tuple[str, ...] = (),
        part: str | None = None,
    ) -> None:
        """Append one record; *detail* are further lines for the person who reads it."""
        record = {
            "at": round(time.time(), 3),
            "elapsed": round(time.monotonic() - self._begun, 2),
            "release": self._release,
            "step": step,
            "part": part,
            "service": service,
            "state": state,
            "text": text,
            "detail": list(detail),
        }
        try:
            with open(self._path, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(record) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            if not self._may_be_lost:
                raise


def time_summary(seconds: float, spent: Mapping[str, float]) -> str:
    """Return in words what the *seconds* of a rollout went into.

    :param spent: seconds by part.
    """
    outside = {words: spent[part] for part, words in _OUTSIDE.items() if spent.get(part, 0.0) >= 0.05}
    own = max(0.0, seconds - sum(outside.values()))
    shares = [f"{length:.1f} s {words}" for words, length in outside.items()]
    return ", ".join([*shares, f"{own:.1f} s of its own"])


def read(path: Path, offset: int) -> tuple[list[dict[str, Any]], int]:
    """Return the whole records after *offset* (bytes), and the offset after them."""
    try:
        with open(path, "rb") as stream:
            stream.seek(offset)
            text = stream.read()
    except FileNotFoundError:
        return [], offset
    whole = text[: text.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], offset + len(whole)


def offset_after(path: Path, offset: int, step: str) -> int:
    """Return the place, in bytes, behind the last record of *step* that is after *offset*; *offset* without one."""
    found = offset
    records, _ = read(path, offset)
    with open(path, "rb") as stream:
        stream.seek(offset)
        for record in records:
            stream.readline()
            if record["step"] == step:
                found = stream.tell()
    return found


def rotate(path: Path) -> None:
    """Begin a new journal where the old one has become long; one old one is kept, as ``NAME.1``."""
    if size(path) > _LONG:
        path.replace(path.with_name(f"{path.name}.1"))


def size(path: Path) -> int:
    """Return the journal's length in bytes, from where a follower of a new rollout reads."""
    return path.stat().st_size if path.exists() else 0
