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
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable, Union

from ansible_collections.slipway.stack.plugins.module_utils.backup import space
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import last_error_line
from ansible_collections.slipway.stack.plugins.module_utils.engine.parent_death import end_with_parent
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import duration

_COMPRESS = ("zstd", "--quiet", "--stdout", "-3", "--threads=2", "--rsyncable")
_DECOMPRESS = ("zstd", "--quiet", "--stdout", "--decompress")
_BLOCK = 1024**2
#: The free space is looked at whenever so many bytes were written.
_CHECK_BYTES = 32 * 1024**2
#: Bytes of a command's errors that are kept. A command may print without an end.
_MAX_ERRORS = 32 * 1024**2


_Stream = Union[int, "IO[bytes]"]


class StreamError(Exception):
    """A command failed, took too long, or a file is not what it was. The message is one sentence."""


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


def save(command: Sequence[str], path: Path, timeout: float, watch: Callable[[bytes], None] | None = None) -> Saved:
    """Write the compressed output of *command* to the new file *path*.

    :param timeout: seconds that it may take.
    :param watch: is called with each block before it is compressed. What it raises ends the work.
    :raises StreamError: if the command fails or takes too long, or the disk becomes nearly full: the services on it
        must go on. Then the file is removed.
    :raises OSError: if the file cannot be written, such as on a full disk. Then the file is removed.
    """
    digest, size, unchecked = hashlib.sha256(), 0, 0
    try:
        with _Pipeline(timeout) as pipeline, open(path, "xb", opener=_private) as file:
            source = pipeline.start(command, subprocess.DEVNULL)
            passing = _Passing(source.take_output(), watch) if watch else None
            compressor = pipeline.start(_COMPRESS, subprocess.PIPE if passing else source.take_output())
            if passing:
                passing.begin(compressor)
            output = compressor.take_output()
            while block := output.read(_BLOCK):
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
    with _Pipeline(timeout) as pipeline, open(path, "rb") as file:
        decompressor = pipeline.start(_DECOMPRESS, subprocess.PIPE)
        target = pipeline.start(command, decompressor.take_output(), output=subprocess.DEVNULL)
        feeding = True
        file.seek(offset)
        left = sys.maxsize if size is None else size
        while block := file.read(min(_BLOCK, left)):
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
    with _Pipeline(timeout) as pipeline:
        first = pipeline.start(source, subprocess.DEVNULL)
        second = pipeline.start(target, first.take_output(), output=subprocess.DEVNULL)
        second.finish()
        first.finish()


def watch(command: Sequence[str], seen: Callable[[bytes], None], timeout: float) -> None:
    """Give the output of *command* to a function in blocks. :raises StreamError: if it fails or takes too long."""
    with _Pipeline(timeout) as pipeline:
        source = pipeline.start(command, subprocess.DEVNULL)
        output = source.take_output()
        while block := output.read(_BLOCK):
            seen(block)
        source.finish()


def check(path: Path, sha256: str) -> None:
    """Check the content of a file. :raises StreamError: if it has another checksum, or cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise StreamError(f"{path} cannot be read: {error.strerror}") from None
    _compare(path, digest.hexdigest(), sha256)


def _compare(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise StreamError(f"{path} does not have the content that was saved: it is truncated or damaged")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Return a stream of a process that was started with a pipe for it."""
    if stream is None:
        raise AssertionError("the process has no pipe")
    return stream


class _Stage:
    """One command of a pipeline."""

    def __init__(self, command: Sequence[str], stdin: _Stream, output: int, expired: Callable[[], str]) -> None:
        self._command, self._expired = command, expired
        try:
            # Not AnsibleModule.run_command, which ansible-test expects here: it holds the output in memory.
            self.process = subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
                list(command),
                stdin=stdin,
                stdout=output,
                stderr=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=end_with_parent(),
            )
        except OSError as error:
            remedy = "; playbooks/backup.yml installs it" if command[0] == "zstd" else ""
            raise StreamError(f"{command[0]} cannot be started: {error.strerror}{remedy}") from None
        self._errors = bytearray()
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()

    def take_output(self) -> IO[bytes]:
        """Return its standard output. The one who reads it notices when the command ends."""
        return _pipe(self.process.stdout)

    def write(self, block: bytes) -> bool:
        """Give it more input. :return: whether it reads on."""
        try:
            _pipe(self.process.stdin).write(block)
            return True
        except BrokenPipeError:
            return False

    def close_input(self) -> None:
        """Tell it that its input has ended."""
        with contextlib.suppress(BrokenPipeError):
            _pipe(self.process.stdin).close()

    def finish(self) -> tuple[str, ...]:
        """Wait until it has ended, and return what it said. :raises StreamError: if it failed or took too long."""
        self.process.wait()
        self._reader.join()
        said = tuple(self._errors.decode("utf-8", "replace").splitlines())
        if self.process.returncode != 0:
            why = self._expired() or last_error_line([line for line in said if line.strip()])
            raise StreamError(f"{self._command[0]}: {why or f'exit code {self.process.returncode}'}")
        return said

    def end(self) -> None:
        """End it and all that it has started, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    def _read_errors(self) -> None:
        with _pipe(self.process.stderr) as stream:
            while block := stream.read1(_BLOCK):  # type: ignore[attr-defined]
                self._errors += block[: _MAX_ERRORS - len(self._errors)]


class _Passing:
    """Passes the output of one command on to another one, in a thread, and shows each block to a function."""

    def __init__(self, source: IO[bytes], watch: Callable[[bytes], None]) -> None:
        self._source, self._watch = source, watch
        self._failed: list[BaseException] = []

    def begin(self, target: _Stage) -> None:
        """Begin to pass blocks on to *target*."""
        self._thread = threading.Thread(target=self._pass, args=(target,), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for the end. What the function has raised is raised here."""
        self._thread.join()
        if self._failed:
            raise self._failed[0]

    def _pass(self, target: _Stage) -> None:
        try:
            while block := self._source.read(_BLOCK):
                self._watch(block)
                if not target.write(block):
                    break
        except BaseException as error:
            self._failed.append(error)
        finally:
            target.close_input()


class _Pipeline:
    """Commands that are connected, with one time limit. On leaving, all of them have ended."""

    def __init__(self, timeout: float) -> None:
        self._stages: list[_Stage] = []
        self._expired = ""
        self._timeout = timeout
        # What waits for a command, in a read, a write or for its end, goes on when the command is killed.
        self._timer = threading.Timer(timeout, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> _Pipeline:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        for stage in self._stages:
            stage.end()

    def start(self, command: Sequence[str], stdin: _Stream, output: int = subprocess.PIPE) -> _Stage:
        """Start a command that reads *stdin*."""
        self._stages.append(_Stage(command, stdin, output, lambda: self._expired))
        if not isinstance(stdin, int):
            # Only the command has it, so the one before notices when the command ends.
            stdin.close()
        return self._stages[-1]

    def _expire(self) -> None:
        self._expired = f"it did not end within {duration(self._timeout)}"
        for stage in list(self._stages):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(stage.process.pid, signal.SIGKILL)
