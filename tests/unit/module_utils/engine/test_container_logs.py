"""The last log lines of a container, from a stand-in of the command line: whatever the application logs, it ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_logs


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the stand-in, to be written."""
    path = tmp_path / "docker"
    path.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return path


def test_both_streams_are_returned(docker: Path) -> None:
    docker.write_text('#!/bin/sh\necho "$@"\necho wrong >&2\nprintf "\\377\\n"\n')
    assert container_logs.last_lines("c1", 20) == ["logs --tail 20 c1", "wrong", "\ufffd"]


def test_a_log_without_an_end_is_cut(docker: Path) -> None:
    docker.write_text("#!/bin/sh\nexec yes\n")
    started = time.monotonic()
    assert container_logs.last_lines("c1", 20) == ["y"] * 20
    assert time.monotonic() - started < 30


def test_a_line_without_an_end_is_cut(docker: Path) -> None:
    docker.write_text("#!/bin/sh\nexec cat /dev/zero\n")
    (line,) = container_logs.last_lines("c1", 20)
    assert len(line) == 1024**2


def test_a_command_that_hangs_is_ended(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_logs, "_SECONDS", 0.2)
    docker.write_text("#!/bin/sh\necho first\nexec sleep 60\n")
    started = time.monotonic()
    assert container_logs.last_lines("c1", 20) == ["first"]
    assert time.monotonic() - started < 30


def test_a_missing_command_does_not_hide_the_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = container_logs.last_lines("c1", 20)
    assert line.startswith("(the log cannot be read: ")
