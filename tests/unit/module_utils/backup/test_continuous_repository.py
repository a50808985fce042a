"""WAL and base backups go to the repository under tags of their own, and chains that are not here come back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import continuous_repository
from ansible_collections.slipway.stack.plugins.module_utils.backup.repository import Repository
from ansible_collections.slipway.stack.plugins.module_utils.backup.restic import Restic
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

REMOTE = Repository(Restic("/srv/x", {}), "stack:shop,host:app1", Settings())
TAGS = "continuous-stack:shop,continuous-host:app1"
OLD, NEW = "20261126T030000Z", "20261127T030000Z"


@pytest.fixture
def ran(home: Home, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what restic is told. It has a snapshot with the chains OLD and NEW of the service db."""
    commands: list[list[str]] = []
    folder = home.backups / "continuous"

    def run(command: Sequence[str], timeout: float, environment: Mapping[str, str]) -> Any:
        words = [word for word in command if not word.startswith("restic")]
        commands.append(words)
        if "restore" in words:
            for chain in (OLD, NEW):
                arrived = Path(words[words.index("--target") + 1]) / str(folder).lstrip("/") / "db" / chain
                (arrived / "wal").mkdir(parents=True)
                (arrived / "wal" / "from-repository").touch()
        answers = {"snapshots": [{"id": "a", "paths": [str(folder)]}], "stats": {"total_size": 1000}}
        answer = next((answers[word] for word in words if word in answers), "")
        return subprocess.CompletedProcess(command, 0, json.dumps(answer), "")

    monkeypatch.setattr(program, "run", run)
    return commands


def _journal(home: Home) -> Journal:
    return Journal(home.backup_journal, "take")


def _chain(home: Home, name: str, finished_at: float) -> Path:
    chain = home.backups / "continuous/db" / name
    (chain / "wal").mkdir(parents=True)
    (chain / "bases" / name).mkdir(parents=True)
    base = {
        "previous": "",
        "start": "000000010000000000000001",
        "started_at": 1.0,
        "finished_at": finished_at,
        "size": 1,
    }
    (chain / "bases" / f"{name}.json").write_text(json.dumps({"format": state_file.FORMAT, **base}))
    return chain


def test_all_of_it_is_one_snapshot_with_tags_of_its_own(home: Home, ran: list[list[str]]) -> None:
    _chain(home, NEW, 5.0)
    continuous_repository.send(home, REMOTE, 60.0)
    continuous_repository.forget(REMOTE, 60.0)
    assert [command[0] for command in ran] == ["backup", "forget"]
    assert all(TAGS in command for command in ran)
    assert all(REMOTE.tags not in command for command in ran)


def test_what_is_being_written_is_left_out(home: Home, ran: list[list[str]]) -> None:
    continuous_repository.send(home, REMOTE, 60.0)
    left_out = [word for previous, word in zip(ran[0], ran[0][1:], strict=False) if previous == "--exclude"]
    assert left_out == [f"{home.backups}/continuous/*/*/new", f"{home.backups}/continuous/*/*/wal/*.partial"]


def test_a_host_reaches_a_moment_after_a_base_backup_of_each_service(home: Home) -> None:
    _chain(home, NEW, 5.0)
    assert continuous_repository.reaches(home, ["db"], 5.0)
    assert not continuous_repository.reaches(home, ["db"], 4.9)
    assert not continuous_repository.reaches(home, ["db", "other"], 9.0)


def test_only_chains_that_are_not_here_come(home: Home, ran: list[list[str]]) -> None:
    own = _chain(home, NEW, 5.0)
    continuous_repository.fetch(home, REMOTE, 60.0, _journal(home))
    assert sorted(path.name for path in own.parent.iterdir()) == [OLD, NEW]
    assert (own.parent / OLD / "wal/from-repository").exists()
    assert not (own / "wal/from-repository").exists()
    assert [path.name for path in home.backups.iterdir()] == ["continuous"]


def test_an_empty_repository_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = subprocess.CompletedProcess([], 0, "[]", "")
    monkeypatch.setattr(program, "run", lambda *_words, **_more: answer)
    with pytest.raises(RolloutFailed, match=f"no WAL and base backups with {TAGS} in /srv/x"):
        continuous_repository.fetch(home, REMOTE, 60.0, _journal(home))
