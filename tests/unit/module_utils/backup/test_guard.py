"""What a killed process was about to do is done by another one; also nothing is, if the process was not killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup.guard import guarded


def _in_another_process(folder: Path, end: str) -> None:
    """Run a guarded block in another process that ends in this way, and wait for it and its guard."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        try:
            with guarded(lambda: (folder / "recovered").write_text(str(os.getpgid(0)))):
                if end == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                if end == "failed":
                    raise ValueError
        finally:
            os._exit(0)
    os.close(write_end)
    # The guard has the other end, too: this returns when both have ended.
    assert os.read(read_end, 1) == b""
    os.close(read_end)
    os.waitpid(child, 0)


@pytest.mark.parametrize(("end", "recovered"), [("killed", True), ("failed", False), ("done", False)])
def test_only_a_killed_process_is_recovered(end: str, recovered: bool, tmp_path: Path) -> None:
    _in_another_process(tmp_path, end)
    assert (tmp_path / "recovered").exists() == recovered
    if recovered:
        # A signal to the group of the killed process does not reach its guard.
        assert (tmp_path / "recovered").read_text() != str(os.getpgid(0))
