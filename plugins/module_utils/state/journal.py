"""The journal of a rollout: every step in ``state/journal.jsonl``, for the controller and for later runs.

Place in the pipeline: target, during every step. Each line is one JSON object::

    {"at": UNIX_SECONDS, "elapsed": SECONDS, "release": ID, "step": NAME, "part": NAME_OR_NULL, "service": NAME_OR_NULL,
     "state": "started" | "done" | "failed" | "waiting", "text": SENTENCE, "detail": [LINE, ...],
     "limit": SECONDS_OR_NULL}

Every change is a part of a step. A part has one record before it and one after it. Records without a text are not shown
to the user. If a part has no second record, the rollout was interrupted there or it failed. The record of the step
``rollout`` has the reason of a failure. The last record of a rollout is that of the step ``end``: ``done``, or
``failed`` with a sentence that says which release serves now.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file, state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import append_line

#: The state of a record if the rollout waits for the other hosts.
WAITING = "waiting"

#: The step whose record says that the new release serves everyone and is proven.
LIVE = "live"

#: Parts whose duration the rollout does not control, with their text in the time summary.
_EXTERNAL_PARTS = {
    "pull": "pulling",
    "job": "running release jobs",
    "create": "creating containers",
    "start": "waiting until healthy",
    "canary": "trying the new containers",
    "drain": "draining",
    "stop": "stopping",
    "wait": "waiting for other hosts",
}

_TEXT_OR_NONE = (str, type(None))
_FIELDS: Mapping[str, state_file.Types] = {
    "elapsed": (int, float),
    "release": str,
    "step": str,
    "part": _TEXT_OR_NONE,
    "service": _TEXT_OR_NONE,
    "state": str,
    "text": str,
    "detail": list,
}

#: Length in characters of one line of detail. An application may log a whole document in one line.
_MAX_LINE = 4000
#: Size in bytes that is read at once. A journal is rotated before it has this size.
_MAX_READ = 64 * 1024**2
#: Size in bytes above which the journal is rotated before the next rollout. This is some hundred rollouts.
_MAX_SIZE = 4 * 1024**2


class RolloutFailed(Exception):
    """A step of a rollout failed. ``detail`` are lines for the journal that explain why."""

    def __init__(self, message: str, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.detail = detail


class Journal:
    """Appends to the journal of one stack. Each record is on the disk before the step continues."""

    def __init__(self, path: Path, release: str, mask: Callable[[str], str] = str) -> None:
        """:param mask: masks secrets in a text. Applications and commands may print them."""
        self._path = path
        self.mask = mask
        #: The release, or the name of other work, that the records are of.
        self.name = release
        self._started = time.monotonic()
        self._seconds_by_part: dict[str, float] = {}
        self._tolerates_write_errors = False
        self._lock = threading.Lock()

    def tolerate_write_errors(self) -> None:
        """From now on, ignore records that cannot be written: a full disk must not prevent a revert or a cleanup."""
        self._tolerates_write_errors = True

    @contextmanager
    def part(
        self,
        step: str,
        part: str,
        service: str | None = None,
        *,
        start_text: str = "",
        end_text: str = "",
        state: str = "started",
        limit: float | None = None,
    ) -> Iterator[None]:
        """Write one record before the body of the ``with`` statement, and one after it unless the body raises.

        :param start_text: the text of the first record; *end_text* is that of the second. An empty text is not shown.
        :param state: the state of the first record.
        :param limit: seconds that the body may take. The first record has them.
        """
        self.write(step, state, start_text, service, part=part, limit=limit)
        started = time.monotonic()
        yield
        self._seconds_by_part[part] = self._seconds_by_part.get(part, 0.0) + time.monotonic() - started
        self.write(step, "done", end_text, service, part=part)

    def time_summary(self) -> str:
        """Return what the time of the rollout was spent on, as text."""
        return time_summary(time.monotonic() - self._started, self._seconds_by_part)

    def write(
        self,
        step: str,
        state: str,
        text: str = "",
        service: str | None = None,
        detail: tuple[str, ...] = (),
        part: str | None = None,
        limit: float | None = None,
    ) -> None:
        """Append one record.

        :param detail: more lines for the user.
        :param limit: seconds that what begins here may take. A text that is shown gets them, too.
        """
        record = {
            "at": round(time.time(), 3),
            "elapsed": round(time.monotonic() - self._started, 2),
            "release": self.name,
            "step": step,
            "part": part,
            "service": service,
            "state": state,
            "text": self.mask(f"{text}, for at most {duration(limit)}" if text and limit is not None else text),
            "limit": limit,
            "detail": [_cut(self.mask(line)) for line in detail],
        }
        try:
            with self._lock:
                append_line(self._path, json.dumps(record))
        except OSError:
            if not self._tolerates_write_errors:
                raise


def _cut(line: str) -> str:
    """Return a line of detail, without the end of a very long one."""
    return line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}... ({len(line) - _MAX_LINE} more characters)"


def duration(seconds: float) -> str:
    """Return a time limit in words: ``45 s``, ``30 min``, ``2 h``. It is exact: 90 seconds are ``90 s``."""
    for length, unit in ((3600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def time_summary(seconds: float, seconds_by_part: Mapping[str, float]) -> str:
    """Return what the *seconds* of a rollout were spent on, as text."""
    external = {
        text: seconds_by_part[part] for part, text in _EXTERNAL_PARTS.items() if seconds_by_part.get(part, 0.0) >= 0.05
    }
    own = max(0.0, seconds - sum(external.values()))
    shares = [f"{length:.1f} s {text}" for text, length in external.items()]
    return ", ".join([*shares, f"{own:.1f} s for everything else"])


def read(path: Path, offset: int) -> tuple[list[dict[str, Any]], int]:
    """Return the complete records after *offset* (bytes), and the offset after them.

    Lines that are no records, and anything else than a regular file, have no records.
    """
    lines = _complete_lines(path, offset)
    records = (state_file.parse_line(line, _FIELDS) for line in lines)
    return [record for record in records if record], offset + sum(map(len, lines))


def _complete_lines(path: Path, offset: int) -> list[bytes]:
    try:
        text = foreign_file.read_from(path.parent, path.name, offset, _MAX_READ)
    except ForeignFileError:
        return []
    return text[: text.rfind(b"\n") + 1].splitlines(keepends=True)


def offset_after(path: Path, offset: int, step: str) -> int:
    """Return the offset in bytes after the last record of *step* that follows *offset*; *offset* if there is none."""
    result = offset
    for line in _complete_lines(path, offset):
        offset += len(line)
        if (record := state_file.parse_line(line, _FIELDS)) and record["step"] == step:
            result = offset
    return result


def rotate(path: Path) -> None:
    """Start a new journal if the current one is too long. One old journal is kept, as ``NAME.1``."""
    if size(path) > _MAX_SIZE:
        path.replace(path.with_name(f"{path.name}.1"))


def open_for(path: Path) -> int:
    """Rotate and create a journal, and return the offset in bytes where the next work starts.

    Only root may read it: it has the last log lines of failed containers, which can contain a password.
    """
    for one in path.parent.glob(f"{path.name}*"):
        one.chmod(0o600)
    rotate(path)
    path.touch(mode=0o600)
    return size(path)


def size(path: Path) -> int:
    """Return the size of the journal in bytes. A follower of a new rollout reads from there."""
    return path.stat().st_size if path.exists() else 0
