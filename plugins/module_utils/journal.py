"""What a rollout does, written down step by step: the controller follows it, and a later run reads where it stopped.

Place in the pipeline: target, beside every step. One JSON object a line in ``state/journal.jsonl``::

    {"at": UNIX_SECONDS, "elapsed": SECONDS, "release": ID, "step": NAME, "service": NAME_OR_NULL,
     "state": "started" | "done" | "failed" | "waiting", "text": SENTENCE, "detail": [LINE, ...]}

The reason of a failure is in the record of the step ``rollout``. A rollout's last record is that of the step ``end``:
``done``, or ``failed`` with a sentence on what serves now.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

#: Length, in bytes, from which on a journal is put aside before the next rollout: some hundred rollouts.
_LONG = 4 * 1024**2


class Journal:
    """Appends to the journal of one stack. Each record reaches the disk before the step goes on."""

    def __init__(self, path: Path, release: str) -> None:
        self._path = path
        self._release = release
        self._begun = time.monotonic()

    def write(
        self, step: str, state: str, text: str = "", service: str | None = None, detail: tuple[str, ...] = ()
    ) -> None:
        """Append one record; *detail* are further lines for the person who reads it."""
        record = {
            "at": round(time.time(), 3),
            "elapsed": round(time.monotonic() - self._begun, 2),
            "release": self._release,
            "step": step,
            "service": service,
            "state": state,
            "text": text,
            "detail": list(detail),
        }
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


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


def behind(path: Path, offset: int, step: str) -> int:
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


def put_aside(path: Path) -> None:
    """Begin a new journal where the old one has become long; one old one is kept, as ``NAME.1``."""
    if size(path) > _LONG:
        path.replace(path.with_name(f"{path.name}.1"))


def size(path: Path) -> int:
    """Return the journal's length in bytes, from where a follower of a new rollout reads."""
    return path.stat().st_size if path.exists() else 0
