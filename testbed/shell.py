"""Run the testbed's commands: one log file per step in .testbed/log, one progress line for whatever takes time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".testbed"
LABEL = "slipway.testbed"
TAIL_LINES = 25


class StepError(Exception):
    """A step failed. The message is one sentence for the user."""


def say(step: str, text: str) -> None:
    """Print one progress line."""
    print(f"==> {step}: {text}", flush=True)


@contextlib.contextmanager
def locked(step: str) -> Iterator[None]:
    """Hold the testbed's lock, so that two commands never build the same image or write the same key at once."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(step, "waiting for another testbed command to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def log_path(step: str) -> Path:
    """Return the log file of a step, and create its directory."""
    directory = STATE / "log"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{step}.log"


def run(
    step: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Path | None = None,
    timeout: float | None = None,
) -> None:
    """Run a command and append its output to the step's log.

    :param stdin: a file for the standard input, which is empty by default.
    :param timeout: seconds after which the command is killed.
    :raises StepError: if the command is missing, fails or times out. The end of its output is printed before.
    """
    log = log_path(step)
    with log.open("a") as out, (stdin or Path(os.devnull)).open() as source:
        out.write(f"$ {' '.join(argv)}\n")
        out.flush()
        start = out.tell()
        try:
            code = subprocess.run(
                argv, stdin=source, stdout=out, stderr=out, env=env, cwd=cwd, timeout=timeout, check=False
            ).returncode
        except FileNotFoundError:
            raise StepError(f"{step}: the command {argv[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            code = -1
    if code:
        with log.open(errors="replace") as written:
            written.seek(start)
            lines = written.read().splitlines()[-TAIL_LINES:]
        print("\n".join(f"    {line}" for line in lines), flush=True)
        reason = f"took longer than {timeout} s" if code == -1 else f"ended with code {code}"
        raise StepError(f"{step}: `{' '.join(argv[:4])}` {reason}; its output is in {log.relative_to(ROOT)}")


def answer(argv: Sequence[str], timeout: float = 20) -> str | None:
    """Return a command's standard output, stripped. `None` if it fails, is missing or takes over `timeout` seconds."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def succeeds(argv: Sequence[str], timeout: float = 20) -> bool:
    """Return whether a command ends with exit code 0 within `timeout` seconds."""
    return answer(argv, timeout) is not None
