"""A detached function in a real process: it outlives the process that started it, and its session."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support.descriptions import ROOT

_PROGRAM = """
import os, sys, time
from pathlib import Path
from ansible_collections.slipway.stack.plugins.module_utils.rollout.detach import detach
folder = Path(sys.argv[1])

def work():
    while not (folder / "go").exists():
        time.sleep(0.005)
    if not full:
        os.write(1, b"written to standard output\\n")
        os.write(2, b"written to standard error\\n")
    state = f"{os.getpid()} {os.getsid(0)} {os.getcwd()} {sys.stdin.read()!r}"
    (folder / "done.new").write_text(state)
    (folder / "done.new").rename(folder / "done")
    raise RuntimeError("the cause")

full = "full" in sys.argv
if full:
    os.symlink("/dev/full", folder / "log")
try:
    detach(work, folder / "log")
finally:
    with open(folder / "returned", "a") as stream:
        stream.write("x")
print(os.getsid(0))
"""


def _wait_for(path: Path, text: str = "") -> str:
    deadline = time.monotonic() + 10
    while not path.exists() or text not in path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return path.read_text()


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / ".collections")},
        input="not for the child",
        capture_output=True,
        text=True,
        # The call returns only because the detached process has closed both pipes.
        timeout=10,
        start_new_session=True,
        check=True,
    )


def test_a_detached_function_outlives_process_session_and_pipes(tmp_path: Path) -> None:
    parent = _run(tmp_path)
    assert not (tmp_path / "done").exists()
    (tmp_path / "go").touch()
    pid, session, folder, read = _wait_for(tmp_path / "done").split(" ", 3)
    assert session not in (pid, parent.stdout.strip())
    assert (folder, read) == ("/", "''")
    log = _wait_for(tmp_path / "log", "RuntimeError: the cause\n")
    assert log.startswith("written to standard output\nwritten to standard error\nTraceback ")
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_log_on_a_full_disk_does_not_make_the_detached_process_return(tmp_path: Path) -> None:
    """The function fails, its traceback cannot be written, and the process must not go on as the module."""
    _run(tmp_path, "full")
    (tmp_path / "go").touch()
    pid = _wait_for(tmp_path / "done").split(" ", 1)[0]
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    # Only the parent has come out of the call.
    assert (tmp_path / "returned").read_text() == "x"
