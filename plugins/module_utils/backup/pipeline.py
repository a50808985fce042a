"""Commands that are connected by pipes, with one time limit for all of them.

Place in the pipeline: target, under :mod:`streams`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import IO, Callable, Union

from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import last_error_line
from ansible_collections.slipway.stack.plugins.module_utils.engine.parent_death import end_with_parent
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import duration

BLOCK = 1024**2
#: Bytes of a command's errors that are kept. A command may print without an end.
_MAX_ERRORS = 32 * 1024**2

_Stream = Union[int, "IO[bytes]"]


class StreamError(Exception):
    """A command failed, took too long, or a file is not what it was. The message is one sentence."""


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Return a stream of a process that was started with a pipe for it."""
    if stream is None:
        raise AssertionError("the process has no pipe")
    return stream


class Stage:
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
            while block := stream.read1(BLOCK):  # type: ignore[attr-defined]
                self._errors += block[: _MAX_ERRORS - len(self._errors)]


#: Carries the output of one command to another one: what it reads, and what writes a block and says whether the other
#: one reads on. It reads to the end.
Carry = Callable[["IO[bytes]", Callable[[bytes], bool]], None]


class Passing:
    """Passes the output of one command on to another one, by a function in a thread."""

    def __init__(self, source: IO[bytes], carry: Carry) -> None:
        self._source, self._carry = source, carry
        self._failed: list[BaseException] = []

    def begin(self, target: Stage) -> None:
        """Begin to pass blocks on to *target*."""
        self._thread = threading.Thread(target=self._pass, args=(target,), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for the end. What the function has raised is raised here."""
        self._thread.join()
        if self._failed:
            raise self._failed[0]

    def _pass(self, target: Stage) -> None:
        try:
            self._carry(self._source, target.write)
        except BaseException as error:
            self._failed.append(error)
        finally:
            target.close_input()


class Pipeline:
    """Commands that are connected, with one time limit. On leaving, all of them have ended."""

    def __init__(self, timeout: float) -> None:
        self._stages: list[Stage] = []
        self._expired = ""
        self._timeout = timeout
        # What waits for a command, in a read, a write or for its end, goes on when the command is killed.
        self._timer = threading.Timer(timeout, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Pipeline:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        for stage in self._stages:
            stage.end()

    def start(self, command: Sequence[str], stdin: _Stream, output: int = subprocess.PIPE) -> Stage:
        """Start a command that reads *stdin*."""
        self._stages.append(Stage(command, stdin, output, lambda: self._expired))
        if not isinstance(stdin, int):
            # Only the command has it, so the one before notices when the command ends.
            stdin.close()
        return self._stages[-1]

    def _expire(self) -> None:
        self._expired = f"it did not end within {duration(self._timeout)}"
        for stage in list(self._stages):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(stage.process.pid, signal.SIGKILL)
