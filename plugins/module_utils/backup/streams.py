"""Streams between a command in a container and a compressed file, with a checksum. Nothing is held in memory.

Place in the pipeline: target, under everything that saves or restores an archive. ``zstd --rsyncable`` compresses: a
deduplicating repository finds the parts of a file that have not changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable

from ansible_collections.slipway.stack.plugins.module_utils.backup import space
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import (
    BLOCK,
    Carry,
    Passing,
    Pipeline,
    StreamError,
)

_COMPRESS = ("zstd", "--quiet", "--stdout", "-3", "--threads=2", "--rsyncable")
_DECOMPRESS = ("zstd", "--quiet", "--stdout", "--decompress")
#: The free space is looked at whenever so many bytes were written.
_CHECK_BYTES = 32 * 1024**2


@dataclass(frozen=True)
class Saved:
    """A file that was written: ``size`` in bytes, ``sha256`` of its content, ``errors``: what the command said."""

    size: int
    sha256: str
    errors: tuple[str, ...]


def in_container(container: str, script: str, variables: Mapping[str, str], reads: bool = False) -> list[str]:
    """Return the command that runs *script* in a container. :param reads: whether it reads standard input."""
    pairs = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
    return ["docker", "exec", *(["--interactive"] if reads else []), *pairs, container, "sh", "-ec", script]


def decompressing(path: Path) -> list[str]:
    """Return the command that prints the content of a compressed file."""
    return [*_DECOMPRESS, str(path)]


def watched(seen: Callable[[bytes], None]) -> Carry:
    """Return what carries all blocks as they are, and gives each to a function before."""

    def carry(source: IO[bytes], write: Callable[[bytes], bool]) -> None:
        while block := source.read(BLOCK):
            seen(block)
            if not write(block):
                break

    return carry


def save(command: Sequence[str], path: Path, timeout: float, carry: Carry | None = None) -> Saved:
    """Write the compressed output of *command* to the new file *path*.

    :param timeout: seconds that it may take.
    :param carry: carries the output to the compression. What it raises ends the work.
    :raises StreamError: if the command fails or takes too long, or the disk becomes nearly full: the services on it
        must go on. Then the file is removed.
    :raises OSError: if the file cannot be written, such as on a full disk. Then the file is removed.
    """
    digest, size, unchecked = hashlib.sha256(), 0, 0
    try:
        with Pipeline(timeout) as pipeline, open(path, "xb", opener=private) as file:
            source = pipeline.start(command, subprocess.DEVNULL)
            passing = Passing(source.take_output(), carry) if carry else None
            compressor = pipeline.start(_COMPRESS, subprocess.PIPE if passing else source.take_output())
            if passing:
                passing.begin(compressor)
            output = compressor.take_output()
            while block := output.read(BLOCK):
                file.write(block)
                digest.update(block)
                size += len(block)
                unchecked -= len(block)
                if unchecked < 0:
                    unchecked = _CHECK_BYTES
                    if space.is_short(path.parent):
                        raise StreamError(f"the disk of {path.parent} is nearly full, so the backup was given up")
            if passing:
                passing.finish()
            errors = source.finish()
            compressor.finish()
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        raise
    return Saved(size, digest.hexdigest(), errors)


def restore(
    path: Path, command: Sequence[str], sha256: str, timeout: float, offset: int = 0, size: int | None = None
) -> tuple[str, ...]:
    """Give the content of the compressed file *path* to *command*, and return what the command said.

    :param offset: where the content begins in the file, in bytes. :param size: its bytes; ``None`` for all to the end.

    The checksum is that of the bytes that the command got, so a file that changes meanwhile is noticed.

    :raises StreamError: if the command fails or takes too long, or the file does not have this checksum.
    """
    digest = hashlib.sha256()
    with Pipeline(timeout) as pipeline, open(path, "rb") as file:
        decompressor = pipeline.start(_DECOMPRESS, subprocess.PIPE)
        target = pipeline.start(command, decompressor.take_output(), output=subprocess.DEVNULL)
        feeding = True
        file.seek(offset)
        left = sys.maxsize if size is None else size
        while block := file.read(min(BLOCK, left)):
            left -= len(block)
            digest.update(block)
            # A command that has ended early closes the pipe. Its exit code says why. The checksum is of all bytes.
            feeding = feeding and decompressor.write(block)
        decompressor.close_input()
        # A damaged file makes the command fail, too. That it is damaged says more.
        _compare(path, digest.hexdigest(), sha256)
        said = target.finish()
        if decompressor.process.wait() == -signal.SIGPIPE:
            raise StreamError(f"{command[0]}: it ended before it had read the whole archive")
        decompressor.finish()
    return said


def pipe(source: Sequence[str], target: Sequence[str], timeout: float) -> None:
    """Give the output of one command to another one. :raises StreamError: if one fails or takes too long."""
    with Pipeline(timeout) as pipeline:
        first = pipeline.start(source, subprocess.DEVNULL)
        second = pipeline.start(target, first.take_output(), output=subprocess.DEVNULL)
        second.finish()
        first.finish()


def watch(command: Sequence[str], seen: Callable[[bytes], None], timeout: float) -> None:
    """Give the output of *command* to a function in blocks. :raises StreamError: if it fails or takes too long."""
    with Pipeline(timeout) as pipeline:
        source = pipeline.start(command, subprocess.DEVNULL)
        output = source.take_output()
        while block := output.read(BLOCK):
            seen(block)
        source.finish()


def check(path: Path, sha256: str) -> None:
    """Check the content of a file. :raises StreamError: if it has another checksum, or cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise StreamError(f"{path} cannot be read: {error.strerror}") from None
    _compare(path, digest.hexdigest(), sha256)


def _compare(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise StreamError(f"{path} does not have the content that was saved: it is truncated or damaged")


def private(path: str, flags: int) -> int:
    """Open a new file that only root may read: the ``opener`` of :func:`open`."""
    return os.open(path, flags, 0o600)
