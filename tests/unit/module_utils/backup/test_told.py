"""The timer of backups tells how they ended."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import program, results
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import events
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text


@pytest.fixture
def told(home: Home, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that lets the timer do a verb, and returns the exit code and what it has told."""
    write_text(home.backup_settings, Settings().text())
    write_text(home.path / "secrets/generated/db", "s3cr3t-of-the-database")
    home.events.mkdir()

    def run(verb: str, reason: str | None, error: str = "") -> tuple[int, list[tuple[str, str]]]:
        def begin(_home: Home, _wanted: object) -> None:
            if error:
                raise RolloutFailed(error)
            if reason is not None:
                results.write(home, verb, "b", "timer", 0.0, reason)

        monkeypatch.setattr(program, "_begin", begin)
        code = program.main([str(home.path), verb])
        return code, [(one.event, one.reason) for one in events.take(home)]

    return run


def test_how_backups_and_drills_end(told: Any) -> None:
    assert told("take", "") == (0, [("backup_succeeded", "")])
    assert told("drill", "") == (0, [("drill_succeeded", "")])
    assert told("take", "no space") == (1, [("backup_failed", "no space")])
    assert told("drill", None) == (1, [("drill_failed", "the result was not written")])
    assert told("take", None, "no release is live") == (1, [("backup_failed", "no release is live")])


def test_a_secret_in_the_reason_is_masked(told: Any) -> None:
    assert told("take", "psql: s3cr3t-of-the-database") == (1, [("backup_failed", "psql: ***")])


def test_settings_that_are_missing_are_told_too(told: Any, home: Home) -> None:
    home.backup_settings.unlink()
    code, [(event, reason)] = told("take", "")
    assert (code, event) == (1, "backup_failed")
    assert reason.endswith("run the role backup")
