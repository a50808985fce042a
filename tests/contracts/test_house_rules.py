from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contracts.checkout import ROOT, load, tracked

SECTIONS = ("block", "rescue", "always")


def _tasks(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        nested = [task for section in SECTIONS for task in entry.get(section, [])]
        yield from _tasks(nested) if nested else [entry]


def test_a_task_file_has_at_most_eight_tasks() -> None:
    counts = {
        str(path.relative_to(ROOT)): len(list(_tasks(load(path)))) for path in (ROOT / "roles").glob("*/tasks/**/*.yml")
    }
    assert {name: count for name, count in counts.items() if count > 8} == {}


def test_a_python_file_has_at_most_three_hundred_lines() -> None:
    counts = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in tracked("*.py")}
    assert {name: count for name, count in counts.items() if count > 300} == {}


def test_no_task_ignores_errors() -> None:
    files = tracked("roles/*.yml", "playbooks/*.yml", "molecule/*.yml")
    assert [str(path.relative_to(ROOT)) for path in files if "ignore_errors" in path.read_text()] == []


def test_no_test_replaces_the_time_of_the_whole_process() -> None:
    """``give_time`` gives one module its own; a thread that another test has left would move a common one."""
    replaced = re.compile(r"""setattr\((?:[\w.]+\.)?time, |setattr\(["']time\.""")
    files = tracked("tests/*.py")
    assert [str(path.relative_to(ROOT)) for path in files if replaced.search(path.read_text())] == []


def test_collecting_the_tests_needs_no_engine(tmp_path: Path) -> None:
    """On a new machine, none runs before the first test starts it."""
    docker, calls = tmp_path / "docker", tmp_path / "calls"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nexit 1\n')
    docker.chmod(0o755)
    run = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert not calls.exists(), calls.read_text()
