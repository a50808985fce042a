"""Kill work where its journal says that it has come to, so that no test depends on how fast a machine is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import journal

#: Seconds within which a step must begin.
_BEGINS = 120.0


def kill_at(records: Path, text: str, work: Callable[[], object], seconds: float = 0.0) -> None:
    """Do work in a process of its own, and kill it after a record with this text was written.

    :param records: the journal of the work. :param seconds: between the record and the kill.
    :raises AssertionError: if the work ends before that, or never comes there.
    """
    offset = records.stat().st_size if records.exists() else 0
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    reached = _wait(records, offset, text, time.monotonic() + _BEGINS)
    if reached:
        time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    assert reached, f"the work did not come to '{text}'"
    assert os.WIFSIGNALED(status), f"the work ended within {seconds} s after '{text}', so it was not killed"


def _wait(records: Path, offset: int, text: str, deadline: float) -> bool:
    while time.monotonic() < deadline:
        if records.exists() and any(text in record["text"] for record in journal.read(records, offset)[0]):
            return True
        time.sleep(0.005)
    return False


def killed_after(number: int, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do work in a process of its own that is killed as soon as its journal has so many records.

    :return: whether it was; else the work has ended before that.
    """
    append, written = journal.append_line, 0

    def counted(path: Path, line: str) -> None:
        nonlocal written
        append(path, line)
        written += path.name.endswith("journal.jsonl")
        if written == number:
            os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patched:
        patched.setattr(journal, "append_line", counted)
        child = os.fork()
        if child == 0:
            try:
                work()
            finally:
                os._exit(1)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
