"""Space on the disk that a rollout reserves before it changes anything.

Place in the pipeline: target, begin. It is released when the rollout reverts or completes. So the last records of a
rollout can be written even if the rollout itself, or another program, has filled the disk meanwhile. No step of a
revert depends on it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

#: Bytes. A revert writes some records, and the configuration of the edge once more.
SIZE = 1024**2


def hold(path: Path) -> None:
    """Reserve the space as a file.

    :raises OSError: if the disk has less.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, SIZE)
    finally:
        os.close(descriptor)


def release(path: Path) -> None:
    """Release the space, if it is reserved."""
    with contextlib.suppress(OSError):
        path.unlink()
