"""The history of a stack: rollouts and restores by the time of their ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.operation.history import history
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

ROLLOUT = {
    "at": "2026-11-02T10:00:00Z",
    "release": "20261102T095930Z-aaaaaaaa",
    "previous": None,
    "owner": "ada@laptop",
    "version": "1.4.2",
    "commit": "0123456789ab",
    "seconds": 16.9,
    "outcome": "ok",
    "reason": "",
}
RESTORE = {
    "at": 1793617200,
    "verb": "restore",
    "backup": "20261102T010000Z",
    "owner": "bob@ci",
    "outcome": "failed",
    "seconds": 3.0,
    "reason": "db: hunter2hunter2 is refused",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "state").mkdir()
    return Home(str(tmp_path))


def _write(home: Home, rollouts: list[dict[str, Any]], data: list[dict[str, Any]]) -> None:
    home.audit.write_text("".join(f"{json.dumps(line)}\n" for line in rollouts))
    home.backup_results.write_text("".join(f"{json.dumps(line)}\n" for line in data))


def _mask(text: str) -> str:
    return text.replace("hunter2hunter2", "***")


def test_without_records_there_is_none(home: Home) -> None:
    assert history(home, 20, _mask) == []


def test_rollouts_and_restores_are_in_the_order_of_their_ends(home: Home) -> None:
    later = {**ROLLOUT, "at": "2026-11-02T12:00:00Z"}
    _write(home, [ROLLOUT, later], [{**RESTORE, "verb": "take"}, RESTORE, {**RESTORE, "verb": "drill"}])
    found = history(home, 20, _mask)
    assert [(one["at"], one["what"]) for one in found] == [
        ("2026-11-02T10:00:00Z", "deploy"),
        ("2026-11-02T11:00:00Z", "restore"),
        ("2026-11-02T12:00:00Z", "deploy"),
    ]
    assert found[1] == {
        "at": "2026-11-02T11:00:00Z",
        "what": "restore",
        "release": "20261102T010000Z",
        "version": "",
        "commit": "",
        "owner": "bob@ci",
        "seconds": 3.0,
        "outcome": "failed",
        "reason": "db: *** is refused",
    }
    assert history(home, 1, _mask) == found[-1:]


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({}, "deploy"),
        ({"previous": "20261101T000000Z-bbbbbbbb"}, "deploy"),
        ({"previous": "20261103T000000Z-cccccccc"}, "rollback"),
        ({"previous": ROLLOUT["release"]}, "repair"),
        ({"previous": ROLLOUT["release"], "for": "restart of web"}, "restart of web"),
        ({"previous": 17}, "deploy"),
    ],
)
def test_an_entry_says_what_the_rollout_was(home: Home, keys: dict[str, Any], what: str) -> None:
    _write(home, [{**ROLLOUT, **keys}], [])
    assert [one["what"] for one in history(home, 20, _mask)] == [what]


def test_a_commit_that_somebody_has_edited_is_left_out(home: Home) -> None:
    _write(home, [{**ROLLOUT, "commit": ["x"]}], [])
    assert [one["commit"] for one in history(home, 20, _mask)] == [""]
