"""Reads files whose author is not known, within limits: never a pipe or a device, which could block or never end.

Place in the pipeline: compose_reader, where files are read. This package imports nothing from other packages, so it has
this of its own; ``module_utils/state/foreign_file`` reads below a trusted directory and follows no link.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .yaml_parser import MAX_BYTES, Unreadable

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
}


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a regular file, at most one byte more than *limit*. Links are followed.

    :raises OSError: if it cannot be opened. :raises Unreadable: if it is not a regular file.
    """
    # Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = stat.S_IFMT(os.fstat(file).st_mode)
        if kind != stat.S_IFREG:
            raise Unreadable(f"{path}: is {_KINDS.get(kind, 'no file')}; a regular file is needed")
        parts = []
        while limit >= 0:
            part = os.read(file, min(limit + 1, 2**20))
            if not part:
                break
            parts.append(part)
            limit -= len(part)
    finally:
        os.close(file)
    return b"".join(parts)


def read_text(path: Path) -> str:
    """Return the text of a regular file, with its line ends as they are.

    :raises Unreadable: if it cannot be read, is larger than a Compose file may be, or is not UTF-8.
    """
    try:
        content = read_bytes(path)
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise Unreadable(f"{path}: the file has more than {MAX_BYTES // 1024**2} MB, which is the limit")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: the file is not UTF-8 text, at byte {error.start}") from None
