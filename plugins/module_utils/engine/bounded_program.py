"""Run a program of which nothing is known: a limit for its time, and one for the output that is kept.

Place in the pipeline: target, for the hooks of a deploy; the controller runs its own hooks with it, too. ``program`` is
for commands whose output is short, and which a rollout may abort.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, cast

from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.engine.parent_death import end_with_parent

#: The end of the output that is kept, in bytes.
KEPT = 16 * 1024
_BLOCK = 64 * 1024
#: Seconds between two looks at the limit.
_INTERVAL = 0.05
#: Blocks that are read after the end. A process that the program has left behind may write for as long as it likes.
_LAST_BLOCKS = 32


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, ``None`` if it was killed at its limit, and the end of its output.

    ``code`` is negative for a program that a signal has ended. ``seconds``: how long it took.
    """

    code: int | None
    output: str
    seconds: float


def run(command: Sequence[str], seconds: float, cwd: str, environment: Mapping[str, str]) -> Ended:
    """Run a program and return how it ended. What is left of its process group then is killed.

    Standard input is empty. Standard error is a part of the output.

    :param seconds: the time that it may take.
    :raises OSError: if it cannot be started.
    """
    started = time.monotonic()
    # Not AnsibleModule.run_command, which keeps all of the output, and has no limit for the time. No context manager,
    # which would wait for a program that cannot be killed.
    process = subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
        list(command),
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=end_with_parent(),
    )
    with cast("IO[bytes]", process.stdout) as pipe:
        output = _Output(pipe)
        try:
            in_time = _is_over(process, output, started + seconds)
        finally:
            # It may have become another user, such as with sudo.
            with contextlib.suppress(PermissionError):
                program.end(process)
        output.read_rest()
    return Ended(process.returncode if in_time else None, output.text(), time.monotonic() - started)


class _Output:
    """The end of what a program writes."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._file = pipe.fileno()
        self._kept = bytearray()
        self._is_cut = self._is_closed = False
        os.set_blocking(self._file, False)

    def wait(self) -> None:
        """Read what comes within a moment."""
        if self._is_closed:
            time.sleep(_INTERVAL)
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._file, selectors.EVENT_READ)
            if selector.select(_INTERVAL):
                self._read()

    def read_rest(self) -> None:
        """Read what is there. Others may have the file open and go on writing, so its end is not waited for."""
        for _block in range(_LAST_BLOCKS):
            if self._is_closed or not self._read():
                return

    def _read(self) -> bool:
        """Read a block, and return whether there was one."""
        try:
            block = os.read(self._file, _BLOCK)
        except BlockingIOError:
            return False
        self._is_closed = not block
        self._kept += block
        if len(self._kept) > KEPT:
            self._is_cut = True
            del self._kept[:-KEPT]
        return bool(block)

    def text(self) -> str:
        """Return the end of the output, from the beginning of a line."""
        kept = bytes(self._kept)
        if self._is_cut and b"\n" in kept[:-1]:
            kept = kept.partition(b"\n")[2]
        return kept.decode("utf-8", "replace")


def _is_over(process: subprocess.Popen[bytes], output: _Output, deadline: float) -> bool:
    """Wait for the end of a program, and return whether it ended before *deadline*."""
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        output.wait()
    return True
