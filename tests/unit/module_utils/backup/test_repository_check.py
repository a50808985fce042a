"""What a drill reads of a repository: after ten of them everything, and a damaged part until it is repaired."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import repository
from ansible_collections.slipway.stack.plugins.module_utils.backup.repository import Repository
from ansible_collections.slipway.stack.plugins.module_utils.backup.restic import Restic
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def check(home: Home) -> str:
    """Check a repository as a drill does, and return what is wrong."""
    remote = Repository(Restic("/srv/x", {}), "stack:shop", Settings())
    try:
        repository.check(home, remote, 60.0, Journal(home.backup_journal, "drill"))
    except RolloutFailed as error:
        return str(error)
    return ""


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the parts that restic was told to read. The third one is damaged the first two times."""
    parts: list[str] = []

    def run(command: Sequence[str], timeout: float, environment: Mapping[str, str]) -> Any:
        found = [word.partition("=")[2] for word in command if word.startswith("--read-data-subset=")]
        parts.extend(found)
        is_damaged = found == ["3/10"] and parts.count("3/10") < 3
        return subprocess.CompletedProcess(command, int(is_damaged), "", "Fatal: repository contains errors\n")

    monkeypatch.setattr(program, "run", run)
    return parts


def test_each_check_reads_the_next_part_and_a_damaged_one_again(home: Home, read: list[str]) -> None:
    said = [check(home) for _ in range(13)]
    assert [text for text in said if text] == ["the repository /srv/x: repository contains errors"] * 2
    assert read == [f"{part}/10" for part in (1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 1)]


@pytest.mark.parametrize("content", ["", "{", '{"part": "x"}', '{"part": 7.5}'])
def test_a_damaged_record_begins_with_the_first_part(content: str, home: Home, read: list[str]) -> None:
    (home.state / "repository_check.json").write_text(content)
    check(home)
    assert read == ["1/10"]
