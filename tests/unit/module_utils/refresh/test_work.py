"""One refresh at a time, and none of what must not be refreshed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.operation.history import history
from ansible_collections.slipway.stack.plugins.module_utils.refresh import work
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import LeaseHeld

from tests.unit.module_utils.refresh.test_destination import stack


def wanted(owner: str) -> work.Work:
    """Return a refresh from a file that does not exist."""
    return work.Work("load", owner, Path("/nonexistent/a.tar"), Settings("db", {}, (), (), 60.0))


def test_the_second_of_two_is_told_who_holds_the_lease(tmp_path: Path) -> None:
    home = stack(tmp_path, "staging")
    lease, _name, _run = work.begin(home, wanted("ada@laptop"), lambda _manifest, _journal: None)
    with pytest.raises(LeaseHeld, match=r"a refresh by ada@laptop has been under way"):
        work.begin(home, wanted("bob@laptop"), lambda _manifest, _journal: None)
    lease.close_own_copy()


def test_production_does_not_even_get_a_lease(tmp_path: Path) -> None:
    home = stack(tmp_path, "production")
    with pytest.raises(RolloutFailed, match="never refreshed"):
        work.begin(home, wanted("ada@laptop"), lambda _manifest, _journal: None)
    assert not home.lease.exists()


def test_a_failure_ends_the_journal_with_its_reason(tmp_path: Path) -> None:
    home = stack(tmp_path, "staging")
    _lease, name, run = work.begin(home, wanted("ada@laptop"), lambda _manifest, _journal: None)
    run()
    records, _offset = journal.read(home.backup_journal, 0)
    assert [(one["release"], one["step"], one["state"]) for one in records][-1] == (name, "end", "failed")
    assert "cannot be read: No such file" in records[-2]["text"]
    (entry,) = history(home, 5, str)
    assert (entry["what"], entry["owner"], entry["outcome"]) == ("refresh", "ada@laptop", "failed")
    assert "cannot be read: No such file" in entry["reason"]


@pytest.mark.parametrize(("verb", "what"), [("load", "refresh"), ("revert", "refresh reverted")])
def test_the_history_has_it(verb: str, what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = stack(tmp_path, "staging")
    monkeypatch.setattr(work.refreshing, "refresh", lambda *_given: "20261102T010000Z")
    monkeypatch.setattr(work.refreshing, "revert", lambda *_given: "20261102T010000Z")
    _lease, _name, run = work.begin(home, replace(wanted("ada@laptop"), verb=verb), lambda _manifest, _journal: None)
    run()
    (entry,) = history(home, 5, str)
    assert (entry["what"], entry["release"], entry["outcome"]) == (what, "20261102T010000Z", "ok")


def test_each_run_uploads_to_a_file_of_its_own(tmp_path: Path) -> None:
    home = stack(tmp_path, "staging")
    paths = {work.new_upload(home), work.new_upload(home)}
    assert len(paths) == 2
    assert {oct(path.stat().st_mode & 0o777) for path in paths} == {"0o600"}
    assert oct((home.path / "snapshots").stat().st_mode & 0o777) == "0o700"
