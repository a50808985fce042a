"""What a rollout takes from the disk beforehand, and how its release becomes the live one."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rollout.commit import commit, enter_phase, secure
from ansible_collections.slipway.stack.plugins.module_utils.state import outcome, transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import write_release

OLD, NEW = "20261121T101500Z-aaaaaaaa", "20261122T101500Z-bbbbbbbb"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.state.mkdir()
    for release in (OLD, NEW):
        write_release(home, release)
    (home.edge / "versions/v1").mkdir(parents=True)
    link(home.current, f"releases/{OLD}")
    return home


def test_the_links_are_there_before_they_are_needed(home: Home) -> None:
    secure(home, Transaction(NEW, OLD, "ada@laptop", edge_before="v1"))
    staged = sorted(path.name for folder in (home.path, home.edge) for path in folder.glob(".current.*"))
    assert staged == [f".current.releases.{OLD}", f".current.releases.{NEW}", ".current.versions.v1"]
    assert home.reserve.exists()
    assert home.current_id() == OLD


def test_the_release_is_live_and_cannot_be_reverted_after_its_commit(home: Home) -> None:
    tx = Transaction(NEW, OLD, "ada@laptop")
    secure(home, tx)
    commit(home, tx)
    found = transaction.read(home.transaction).value
    assert found is not None
    assert (home.current_id(), found.phase, home.reserve.exists()) == (NEW, "switched", False)
    assert outcome.read(home, NEW).value == outcome.Outcome(live=True, before=(OLD,))


def test_a_phase_that_cannot_be_saved_is_not_entered(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revert of the phase `switched` would leave the edge as it is."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    tx = Transaction(NEW, OLD, "ada@laptop", phase="switching")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        enter_phase(home, tx, "switched")
    assert tx.phase == "switching"
