"""A killed swap is undone when its script has ended: the engine goes on with it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import restore_record, swapping
from ansible_collections.slipway.stack.plugins.module_utils.backup.restore_record import Record, Swap
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.own_time import give_time

MANIFEST: dict[str, Any] = {"stack": "shop", "services": {}}
SWAP = Swap("db", "name", "database", "shop", "slipway_1_new", "slipway_1_old")


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the engine by one whose script runs for three looks, and return what happens."""
    found: list[str] = []

    def get(path: str) -> dict[str, Any]:
        if path.startswith("/containers/"):
            return {"ExecIDs": ["e1"]}
        found.append("looked")
        return {"Running": found.count("looked") < 4}

    monkeypatch.setattr(docker, "get", get)
    monkeypatch.setattr(docker, "containers", lambda *_: [SimpleNamespace(id="c1", state="running", oneoff=False)])
    give_time(monkeypatch, swapping, sleep=lambda _: None)
    for name in ("_is_made", "_make_all", "remove"):
        monkeypatch.setattr(swapping, name, lambda *_, name=name: found.append(name))
    return found


def test_a_script_that_still_runs_is_waited_for(home: Home, events: list[str]) -> None:
    restore_record.write(home, Record("b1", "swapping", True, (SWAP,)))
    swapping.recover(home, MANIFEST, Journal(home.backup_journal, "r"))
    assert events == ["looked"] * 4 + ["_is_made", "_make_all", "remove"]
    assert restore_record.begun(home) is None


def test_what_a_revert_swaps_is_not_removed(home: Home, events: list[str]) -> None:
    restore_record.write(home, Record("b1", "swapping", False, (SWAP,)))
    swapping.recover(home, MANIFEST, Journal(home.backup_journal, "r"))
    assert "remove" not in events


def test_a_restore_that_was_still_loading_has_nothing_to_undo(home: Home, events: list[str]) -> None:
    restore_record.write(home, Record("b1", "loading", True, (SWAP,)))
    swapping.recover(home, MANIFEST, Journal(home.backup_journal, "r"))
    assert events == ["remove"]


def test_a_restore_that_was_killed_after_its_swaps_is_completed(home: Home, events: list[str]) -> None:
    restore_record.write(home, Record("b0", "swapped", True, (SWAP,)))
    restore_record.complete(home)
    restore_record.write(home, Record("b1", "swapped", True, (SWAP,)))
    swapping.recover(home, MANIFEST, Journal(home.backup_journal, "r"))
    # What the restore before it has set aside.
    assert events == ["remove"]
    last = restore_record.last(home)
    assert last is not None
    assert last.backup == "b1"


@pytest.mark.parametrize(
    ("backup", "of_snapshot", "reason"),
    [
        ("20261127T120000Z", True, r"is backup 2026.*, and no refresh; use .*restore.yml -e restore_revert=true"),
        (f"{restore_record.SNAPSHOT}20261127T120000Z", False, r"came last is snapshot 2026.*refresh_revert=true"),
        ("", True, "there is no refresh to revert"),
        ("", False, "there is no restore to revert"),
    ],
)
def test_each_reverts_its_own(home: Home, backup: str, of_snapshot: bool, reason: str) -> None:
    if backup:
        restore_record.write(home, Record(backup, "swapped", True, (SWAP,)))
        restore_record.complete(home)
    with pytest.raises(RolloutFailed, match=reason):
        swapping.revert(home, MANIFEST, Journal(home.backup_journal, "x"), of_snapshot)
    assert restore_record.begun(home) is None
