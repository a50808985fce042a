"""Where the backups stand, and when a verification fails because of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import results, standing
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, append_line

BackedUp = Callable[..., Path]
MANIFEST: dict[str, Any] = {
    "stack": "shop",
    "services": {
        "db": {"backup": {"archives": {"database": {}}, "volumes": {}}},
        "web": {"unsaved": ["uploads", "shared"]},
        "worker": {"unsaved": ["shared", "kept"]},
        "files": {"backup": {"archives": {}, "volumes": {"kept": {"mode": "paused"}}}},
        "edge": {},
    },
}
#: 2026-11-27 03:15.
NOW = 1795749300.0
HOUR = 3600
#: A service whose WAL is not received.
DOWN = {"service": "db", "problem": "", "state": "", "base": 1.0, "lag_bytes": 0, "sent_is_late": False}


def test_without_anything_the_time_since_the_first_rollout_counts(home: Home) -> None:
    state = standing.standing(home, MANIFEST, NOW)
    assert (state["newest"], state["age"], state["last"]) == (None, 0.0, {})
    append_line(
        home.audit,
        '{"at": "2026-11-27T00:15:00Z", "release": "r", "owner": "", "version": "", "seconds": 1, '
        '"outcome": "ok", "reason": ""}',
    )
    assert standing.standing(home, MANIFEST, NOW)["age"] == 3 * HOUR


def test_what_is_saved_and_what_is_not(home: Home, backed_up: BackedUp) -> None:
    backed_up("20261127T011500Z")
    (backed_up("20261127T021500Z") / "db/0000.zst").unlink()
    state = standing.standing(home, MANIFEST, NOW)
    assert state["services"] == ["db", "files"]
    assert state["unsaved"] == [{"service": "web", "volume": "uploads"}, {"service": "web", "volume": "shared"}]
    assert (state["newest"], state["age"], state["size"]) == ("20261127T011500Z", 2 * HOUR, 3)
    [damage] = state["damage"]
    assert "20261127T021500Z" in damage


def test_a_stack_that_is_not_live_has_backups(home: Home, backed_up: BackedUp) -> None:
    backed_up("20261127T011500Z")
    assert standing.standing(home, None, NOW)["newest"] == "20261127T011500Z"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"age": 27.0 * HOUR}, ["the newest backup is 27.0 hours old, and verify_backup_age is 26 hours; playbooks/b"]),
        ({"age": 27.0 * HOUR, "newest": None}, ["the newest backup does not exist, and verify_backup_age is 26 hours"]),
        (
            {"age": 27.0 * HOUR, "last": {"take": {"outcome": "failed", "reason": "full"}}},
            ["; the last one failed: full"],
        ),
        ({"last": {"take": {"outcome": "failed", "reason": "full"}}}, []),
        ({"last": {"drill": {"outcome": "ok"}}}, []),
        (
            {"last": {"drill": {"outcome": "failed", "backup": "b1", "reason": "it differs"}}},
            ["the last drill could not restore backup b1: it differs"],
        ),
        ({"age": 27.0 * HOUR, "services": []}, []),
        (
            {
                "continuous": [
                    {"service": "db", "problem": "", "state": "", "base": 1.0, "lag_bytes": 0, "sent_is_late": False}
                ]
            },
            ["its WAL is not received"],
        ),
    ],
)
def test_a_verification_says_why_not_to_rely_on_them(changes: dict[str, Any], said: list[str]) -> None:
    state = {"services": ["db"], "newest": "b1", "age": 1.0 * HOUR, "last": {}, "continuous": [], **changes}
    found = standing.problems(state, 26)
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence


def test_results_are_kept_and_damaged_lines_left_out(home: Home) -> None:
    assert results.read(home) == []
    assert results.write(home, "take", "b1", "ada", time.monotonic() - 2, "") == ""
    append_line(home.backup_results, "{")
    append_line(home.backup_results, '{"verb": "drill"}')
    assert results.write(home, "drill", "b1", "timer", time.monotonic(), "it differs") == ""
    first, second = results.read(home)
    assert (first["verb"], first["outcome"], first["seconds"] >= 2) == ("take", "ok", True)
    assert (second["owner"], second["outcome"], second["reason"]) == ("timer", "failed", "it differs")
    assert standing.standing(home, MANIFEST, NOW)["last"] == {"take": first, "drill": second}


def test_a_result_that_cannot_be_written_is_a_sentence(home: Home) -> None:
    home.backup_results.mkdir()
    assert "backups.jsonl cannot be written: Is a directory" in results.write(home, "take", "b", "a", 0.0, "")
    assert results.read(home) == []
