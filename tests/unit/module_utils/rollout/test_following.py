"""Following a rollout in the journal, by its own records."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "state").mkdir()
    return Home(str(tmp_path))


def test_the_records_of_another_release_are_ignored(home: Home) -> None:
    Journal(home.journal, "r1").write("end", "done", "release r1 is live")
    with pytest.raises(RolloutFailed, match="the process on the host died"):
        follow(home, "r2", 0)
    Journal(home.journal, "r2").write("end", "failed", "Release r1 keeps serving")
    records, end = follow(home, "r2", 0)
    assert [record["text"] for record in records] == ["Release r1 keeps serving"]
    assert end == journal.size(home.journal)


def _modes(home: Home) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.state.iterdir()}


def test_only_root_can_read_the_journal(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert journal.open_for(home.journal) == 0
    Journal(home.journal, "r1").write("end", "done")
    assert _modes(home) == {"journal.jsonl": 0o600}
    # A journal of an older version, which has become long.
    home.journal.chmod(0o644)
    assert journal.open_for(home.journal) == journal.size(home.journal) > 0
    assert _modes(home) == {"journal.jsonl": 0o600}
    home.journal.chmod(0o644)
    monkeypatch.setattr(journal, "_MAX_SIZE", 1)
    assert journal.open_for(home.journal) == 0
    assert _modes(home) == {"journal.jsonl": 0o600, "journal.jsonl.1": 0o600}
