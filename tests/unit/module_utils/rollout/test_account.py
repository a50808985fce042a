"""What a rollout tells: how it began and how it ended, once for all hosts, and never at its own cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rollout import rollout
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state import audit, events
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions

from tests.support.fake_stack import FakeStack

OPTIONS = RolloutOptions("r2", 5, "ada@laptop", tells=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.make_directories()
    FakeStack(home, monkeypatch).write("r2")
    home.events.mkdir()
    return home


def _told(home: Home, options: RolloutOptions = OPTIONS) -> list[Event]:
    Rollout(home, options).run()
    return list(events.take(home))


def test_a_rollout_tells_that_it_began_and_that_it_succeeded(home: Home) -> None:
    began, ended = _told(home)
    assert (began.event, began.seconds) == ("rollout_started", 0)
    assert (ended.event, ended.release, ended.previous, ended.version, ended.owner, ended.reason) == (
        "rollout_succeeded",
        "r2",
        "r1",
        "1",
        "ada@laptop",
        "",
    )
    assert ended.seconds <= audit.read(home)[-1]["seconds"]


def test_success_is_told_before_the_old_containers_stop(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[str] = []
    monkeypatch.setattr(rollout, "remove_replaced", lambda *_: waiting.extend(one.event for one in events.take(home)))
    Rollout(home, OPTIONS).run()
    assert waiting == ["rollout_started", "rollout_succeeded"]


def test_a_failure_tells_why_and_that_it_was_reverted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_rollout: Rollout) -> None:
        raise RolloutFailed("web exited with code 1.")

    monkeypatch.setattr(Rollout, "_prepare", fail)
    began, ended = _told(home)
    assert (began.event, ended.event) == ("rollout_started", "rollout_reverted")
    assert ended.reason == "web exited with code 1. Release r1 keeps serving"


def test_a_rollout_that_changed_nothing_is_no_reverted_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RolloutFailed("the database would be down")

    monkeypatch.setattr(Rollout, "_save_transaction", fail)
    [ended] = _told(home)
    assert (ended.event, ended.reason) == ("rollout_failed", "the database would be down. Nothing was changed")


def test_a_rollout_that_breaks_after_its_proof_tells_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_rollout: Rollout) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(Rollout, "_finalize", fail)
    with pytest.raises(RuntimeError):
        Rollout(home, OPTIONS).run()
    assert [one.event for one in events.take(home)] == ["rollout_started", "rollout_failed"]


def test_other_hosts_tell_nothing(home: Home) -> None:
    assert _told(home, RolloutOptions("r2", 5, "ada@laptop")) == []


def test_the_rollout_goes_on_if_events_cannot_be_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(events, "write_text", full)
    assert _told(home) == []
    assert home.current_id() == "r2"
