"""Programs with a time limit: they end at the limit and at an abort, with everything that they started."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.state import abort
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Path]:
    """Return the path of the request to abort that the process looks for."""
    abort.watch.open(tmp_path / "abort.json", "r1")
    yield tmp_path / "abort.json"
    abort.watch.close()


def _is_running(pid: int) -> bool:
    try:
        # The state follows the name in brackets. A zombie has ended.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _assert_ends(path: Path) -> None:
    pid = int(path.read_text())
    deadline = time.monotonic() + 5
    while _is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_output_and_the_exit_code(tmp_path: Path) -> None:
    done = program.run(["sh", "-c", "pwd; echo $X; echo no >&2; exit 3"], 10, str(tmp_path), {"X": "1", **os.environ})
    assert (done.returncode, done.stdout, done.stderr) == (3, f"{tmp_path}\n1\n", "no\n")


def test_a_long_output_is_complete() -> None:
    done = program.run(["sh", "-c", "seq 200000; sleep 0.3; echo end"], 10)
    assert done.stdout.splitlines()[-2:] == ["200000", "end"]


def test_a_program_that_cannot_be_started_is_an_error() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        program.run(["no-such-program"], 10)


def test_at_the_limit_everything_ends_that_a_program_has_started(tmp_path: Path) -> None:
    """``docker compose`` is a plugin: ``docker`` starts another program, which does the work."""
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        program.run(["sh", "-c", f"sleep 100 & echo $! > {tmp_path}/pid; wait"], 0.5)
    assert time.monotonic() - started < 30
    _assert_ends(tmp_path / "pid")


def test_at_the_limit_the_error_has_what_was_said_until_then() -> None:
    with pytest.raises(subprocess.TimeoutExpired) as error:
        program.run(["sh", "-c", "echo first; echo why >&2; sleep 0.3; echo again >&2; sleep 100"], 1)
    assert (error.value.output, error.value.stderr) == (b"first\n", b"why\nagain\n")


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_GRACE", 0.3)
    script = f"trap '' TERM; echo $$ > {tmp_path}/pid; while true; do sleep 0.1; done"
    with pytest.raises(subprocess.TimeoutExpired):
        program.run(["sh", "-c", script], 0.3)
    _assert_ends(tmp_path / "pid")


def test_an_abort_ends_a_program(tmp_path: Path, watched: Path) -> None:
    threading.Timer(0.3, abort.request, (watched, "r1", "ada@laptop")).start()
    started = time.monotonic()
    with pytest.raises(RolloutFailed, match=r"^ada@laptop aborted the rollout$"):
        program.run(["sh", "-c", f"echo $$ > {tmp_path}/pid; sleep 100"], 60)
    assert time.monotonic() - started < 30
    _assert_ends(tmp_path / "pid")
    # The commands of the revert run to their end.
    assert program.run(["sh", "-c", "sleep 0.3; echo reverted"], 60).stdout == "reverted\n"
