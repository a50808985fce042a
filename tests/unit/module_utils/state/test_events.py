"""Events that wait: left only where somebody wants them, taken once, and never a reason for work to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import events
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import tree


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.make_directories()
    return home


def test_an_event_is_taken_once_in_its_order(home: Home) -> None:
    home.events.mkdir()
    told = [Event("rollout_started", "r1", at=1.5), Event("rollout_failed", "r1", reason="größer\n\udcff", at=2.0)]
    for event in told:
        events.tell(home, event)
    assert {path.stat().st_mode & 0o777 for path in home.events.iterdir()} == {0o600}
    assert list(events.take(home)) == told
    assert (list(events.take(home)), tree(home.path)) == ([], [])


def test_where_nobody_wants_to_be_told_nothing_is_written(home: Home) -> None:
    events.tell(home, Event("rollout_started"))
    assert (tree(home.path), list(events.take(home))) == ([], [])


def test_what_is_no_event_is_removed_because_systemd_would_start_again_and_again(home: Home) -> None:
    home.events.mkdir()
    for name, text in ((".hidden", ""), ("a.json", "{"), ("b.json", '{"event": "rollout_started"}'), ("c", "")):
        (home.events / name).write_text(text)
    (home.events / "link").symlink_to("/etc/passwd")
    assert list(events.take(home)) == []
    assert list(home.events.iterdir()) == []


def test_events_that_nobody_sends_do_not_fill_the_disk(home: Home) -> None:
    home.events.mkdir()
    for _ in range(events._MOST + 5):
        events.tell(home, Event("rollout_started"))
    assert len(list(home.events.iterdir())) == events._MOST


def test_a_full_disk_is_no_failure(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    home.events.mkdir()
    monkeypatch.setattr(events, "write_text", full)
    events.tell(home, Event("rollout_started"))
    assert list(home.events.iterdir()) == []
