"""A disk that fails: writes below a directory raise an error, one of them or all from one on."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: Errors after which nothing can be changed, not even by a rename or a removal, which need no space.
_UNCHANGEABLE = (errno.EROFS, errno.EIO)
_NEED_SPACE = ("mkdir", "symlink", "link", "fsync", "posix_fallocate", "write")
_NEED_NO_SPACE = ("rename", "replace", "unlink", "chmod", "truncate", "ftruncate")


class FailingDisk:
    """Counts the writes below *folder* while :meth:`active`. Write number *first* fails, or all from *first* on.

    The disk has the standard error of the process too, as the log of a rollout.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = str(folder)
        self._active = False
        self._first = self._code = 0
        self._stays = False
        self.writes = 0
        for name in (*_NEED_SPACE, *_NEED_NO_SPACE):
            monkeypatch.setattr(os, name, self._call(name, getattr(os, name)))
        monkeypatch.setattr(os, "open", self._open(os.open))
        opened = self._open(builtins.open)
        monkeypatch.setattr(builtins, "open", opened)
        monkeypatch.setattr(io, "open", opened)

    @contextlib.contextmanager
    def active(self, first: int, code: int, *, stays: bool) -> Iterator[None]:
        """Fail with the error *code* at the write number *first*, from 1; 0 never fails. *stays*: and at all later."""
        self._first, self._code, self._stays = first, code, stays
        self.writes, self._active = 0, True
        stderr, sys.stderr = sys.stderr, _Log(self._count)  # type: ignore[assignment]
        try:
            yield
        finally:
            self._active = False
            sys.stderr = stderr

    @property
    def failed(self) -> bool:
        """Whether a write has failed."""
        return 0 < self._first <= self.writes

    def _count(self) -> None:
        if self._active:
            self.writes += 1
            if self._first and (self.writes == self._first or (self._stays and self.writes > self._first)):
                raise OSError(self._code, os.strerror(self._code), self._folder)

    def _below(self, place: Any) -> bool:
        if isinstance(place, int):
            return place > 2 and os.readlink(f"/proc/self/fd/{place}").startswith(self._folder)
        return str(place).startswith(self._folder)

    def _call(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *rest: Any, **named: Any) -> Any:
            # The path of a link is its second argument.
            place = rest[0] if name in ("symlink", "link") else first
            concerned = name in _NEED_SPACE or self._code in _UNCHANGEABLE or not self._first
            if self._active and concerned and self._below(place):
                self._count()
            # A real one takes time, and no test cuts the power.
            return None if name == "fsync" else original(first, *rest, **named)

        return call

    def _open(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, mode: Any = "r", *rest: Any, **named: Any) -> Any:
            writes = mode & (os.O_WRONLY | os.O_RDWR) if isinstance(mode, int) else set(mode) & set("wax+")
            if self._active and writes and not isinstance(path, int) and self._below(path):
                self._count()
            return original(path, mode, *rest, **named)

        return call


class _Log(io.StringIO):
    def __init__(self, count: Callable[[], None]) -> None:
        super().__init__()
        self._count = count

    def write(self, text: str) -> int:
        """Write, unless the disk fails."""
        self._count()
        return super().write(text)
