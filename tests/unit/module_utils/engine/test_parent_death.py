"""A command of a killed process, in real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.engine.parent_death import end_with_parent

from tests.support.descriptions import ROOT

_PARENT = """
import sys
from ansible_collections.slipway.stack.plugins.module_utils.engine import program
program.run(["sh", "-c", f"echo $$ > {sys.argv[1]}/new; mv {sys.argv[1]}/new {sys.argv[1]}/child; exec sleep 60"], 60)
"""


def _exists(pid: int) -> bool:
    try:
        # A zombie has ended. Its parent of the test machine may not collect it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_command_ends_with_the_process_that_was_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".collections")}
    with subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)], env=environment) as parent:
        deadline = time.monotonic() + 20
        while not (tmp_path / "child").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child = int((tmp_path / "child").read_text())
        assert _exists(child)
        parent.send_signal(signal.SIGKILL)
    while _exists(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_process_with_threads_runs_no_code_before_a_command() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        assert end_with_parent() is None
    finally:
        end.set()
        thread.join()
