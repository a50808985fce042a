from __future__ import annotations

from collections.abc import Iterator
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
