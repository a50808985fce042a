"""Programs of which nothing is known: a limit for the time, a limit for the output, and nothing is left of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import bounded_program, program

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def _run(script: str, seconds: float = 10, folder: str = "/") -> bounded_program.Ended:
    return bounded_program.run(["sh", "-c", script], seconds, folder, ENVIRONMENT)


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _assert_ends(path: Path) -> None:
    pid, deadline = int(path.read_text()), time.monotonic() + 5
    while not _has_ended(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_exit_code_the_output_and_nothing_of_our_own_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_OURS", "1")
    ended = _run("pwd; echo wrong >&2; echo ${OF_OURS:-none}; cat; exit 3", folder=str(tmp_path))
    assert (ended.code, ended.output) == (3, f"{tmp_path}\nwrong\nnone\n")


def test_output_that_came_after_the_last_look_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_program, "_is_over", lambda process, output, deadline: process.wait() == 0)
    assert _run("echo last").output == "last\n"


def test_a_long_output_is_kept_in_part_from_the_beginning_of_a_line() -> None:
    ended = _run("seq 1 200000")
    lines = ended.output.splitlines()
    assert lines[-1] == "200000"
    assert lines == [str(number) for number in range(int(lines[0]), 200001)]
    assert len(ended.output) <= bounded_program.KEPT


def test_endless_output_takes_no_memory_and_ends_at_the_limit() -> None:
    code = (
        "import resource, sys\n"
        "from ansible_collections.slipway.stack.plugins.module_utils.engine import bounded_program as one\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "ended = one.run(['yes', 'x' * 1000], 1, '/', {'PATH': '/usr/bin:/bin'})\n"
        "print(ended.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4] / ".collections")}
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=True)
    ended, kib = done.stdout.split()
    assert ended == "None"
    assert int(kib) < 20 * 1024


def test_at_the_limit_its_whole_process_group_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_GRACE", 0.5)
    script = (
        f"trap '' TERM; echo first; sleep 600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; wait; sleep 99"
    )
    started = time.monotonic()
    ended = _run(script, 0.5)
    assert (ended.code, ended.output) == (None, "first\n")
    assert time.monotonic() - started < 30
    _assert_ends(tmp_path / "own")
    _assert_ends(tmp_path / "child")


def test_what_it_leaves_behind_is_not_waited_for_and_killed(tmp_path: Path) -> None:
    """It has the standard output open, so whoever waits for the end of the output waits for it."""
    started = time.monotonic()
    ended = _run(f"sleep 600 & echo $! > {tmp_path}/child; echo done")
    assert (ended.code, ended.output) == (0, "done\n")
    assert time.monotonic() - started < 30
    _assert_ends(tmp_path / "child")


def test_a_process_that_has_left_the_group_delays_nothing(tmp_path: Path) -> None:
    started = time.monotonic()
    script = f"setsid sh -c 'echo $$ > {tmp_path}/child; yes' & while [ ! -s {tmp_path}/child ]; do sleep 0.01; done"
    try:
        ended = _run(script)
    finally:
        os.kill(int((tmp_path / "child").read_text()), 9)
    assert ended.code == 0
    assert time.monotonic() - started < 30


def test_a_program_that_may_not_be_killed_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one that sudo has started for another user."""

    def refuse(process: subprocess.Popen[bytes]) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(program, "end", refuse)
    started = time.monotonic()
    assert _run("exec sleep 60", 0.2).code is None
    assert time.monotonic() - started < 30


def test_a_program_that_closes_its_output_is_waited_for_without_work() -> None:
    used = time.process_time()
    ended = _run("exec >&- 2>&-; sleep 0.8; exit 4")
    assert ended.code == 4
    assert ended.seconds >= 0.8
    assert time.process_time() - used < 0.4


def test_a_program_that_a_signal_ends_has_a_negative_code() -> None:
    assert _run("kill -9 $$").code == -9


def test_a_program_that_cannot_be_started_is_an_error() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        bounded_program.run(["no-such-program"], 1, "/", ENVIRONMENT)
