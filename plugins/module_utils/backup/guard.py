"""A process that finishes what this one cannot finish because it was killed.

Place in the pipeline: target, around the seconds in which a stack is stopped. The other process is a copy of this one,
so it holds the lease, too: nobody else begins before it has ended.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Callable

_DONE = b"."


@contextlib.contextmanager
def guarded(recover: Callable[[], object]) -> Iterator[None]:
    """Run the block. If this process is killed in it, another process calls *recover*.

    An exception in the block is the caller's to handle: then *recover* is not called.
    """
    read_end, write_end = os.pipe()
    guard = os.fork()
    if guard == 0:
        os.close(write_end)
        _wait(read_end, recover)
    os.close(read_end)
    try:
        yield
    finally:
        # A guard that was killed itself is no reason to fail.
        with contextlib.suppress(BrokenPipeError):
            os.write(write_end, _DONE)
        os.close(write_end)
        os.waitpid(guard, 0)


def _wait(read_end: int, recover: Callable[[], object]) -> None:
    """Wait until the other process has ended the block or its life. Does not return."""
    code = 1
    try:
        # A signal to the session or the process group of the other one is not for this one.
        os.setsid()
        if os.read(read_end, 1) != _DONE:
            recover()
        code = 0
    finally:
        os._exit(code)
