"""WAL is sent up to a moment, whatever is wrong with one service, and what is late is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    chains,
    containers,
    continuous,
    continuous_repository,
    continuous_standing,
    live_release,
    repository,
    schedule,
    sending,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.repository import Repository
from ansible_collections.slipway.stack.plugins.module_utils.backup.restic import Restic
from ansible_collections.slipway.stack.plugins.module_utils.backup.schedule import Schedule, ScheduleError
from ansible_collections.slipway.stack.plugins.module_utils.backup.sending import Sent
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.own_time import give_time

REMOTE = Repository(Restic("/srv/x", {}), "stack:shop", Settings())
NOW = 1_800_000_000.0
WAL = "000000010000000000000001"


@pytest.fixture
def arrives(home: Home, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return whether the WAL of the service db arrives (or an error), and what restic said; both can be set."""
    says: dict[str, Any] = {"db": True, "restic": None, "sent": 0}
    chain = chains.begin(home, "db", (0, 0))
    (chain.wal / f"{WAL}.gz").touch()

    def end(_container: Any, _scripts: Any, service: str, _chain: Any) -> tuple[float, bool]:
        if isinstance(says[service], Exception):
            raise says[service]
        return NOW, says[service]

    def send(_home: Home, _remote: Repository, _timeout: float) -> None:
        says["sent"] += 1
        if says["restic"]:
            raise says["restic"]

    monkeypatch.setattr(chains, "_make_owned", lambda *_words: None)
    monkeypatch.setattr(live_release, "manifest", lambda _home: {"stack": "shop"})
    monkeypatch.setattr(containers, "running", lambda _stack, _service: None)
    monkeypatch.setattr(continuous, "wanted", lambda _home: {"db": {}})
    monkeypatch.setattr(continuous, "end", end)
    monkeypatch.setattr(continuous_repository, "send", send)
    give_time(monkeypatch, sending, time=lambda: NOW)
    return says


def test_the_repository_has_all_wal_up_to_now(home: Home, arrives: dict[str, Any]) -> None:
    sending.send(home, REMOTE, 60.0)
    assert sending.read(home).value == Sent(NOW, "")


@pytest.mark.parametrize("reason", [False, RolloutFailed("service 'db' does not run")])
def test_a_service_that_is_not_received_is_sent_as_far_as_it_came(
    home: Home, arrives: dict[str, Any], reason: Any
) -> None:
    arrives["db"] = reason
    received_at = chains.of_service(home, "db")[-1].received_at()
    with pytest.raises(RolloutFailed, match=r"WAL is in the repository until .*service 'db'"):
        sending.send(home, REMOTE, 60.0)
    found = sending.read(home).value
    assert found is not None
    assert (arrives["sent"], found.until) == (1, received_at)
    assert "service 'db'" in found.problem


def test_a_repository_that_cannot_be_reached_keeps_the_moment_of_the_last_time(
    home: Home, arrives: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.send(home, REMOTE, 60.0)
    give_time(monkeypatch, sending, time=lambda: NOW + 300)
    arrives["restic"] = RolloutFailed("the repository /srv/x did not answer")
    with pytest.raises(RolloutFailed, match=r"until 2027-01-15 08:00:00\+00: the repository /srv/x did not answer"):
        sending.send(home, REMOTE, 60.0)
    assert sending.read(home).value == Sent(NOW, "the repository /srv/x did not answer")


def test_a_timer_sends_nothing_before_the_first_base_backup(
    home: Home, arrives: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "of", lambda _home: REMOTE)
    monkeypatch.setattr(repository, "prepare", lambda _restic: False)
    sending.send_by_timer(home, 60.0)
    assert arrives["sent"] == 0
    base = chains.Base("20261127T030000Z", "", WAL, 1.0, 2.0, 1)
    chain = chains.of_service(home, "db")[-1]
    chain.new.mkdir(exist_ok=True)
    chain.add(base)
    sending.send_by_timer(home, 60.0)
    assert arrives["sent"] == 1


@pytest.mark.parametrize(
    ("repository_of", "every", "age", "expected"),
    [
        ("/srv/x", 300, 1499.0, ""),
        ("/srv/x", 300, 1501.0, "WAL since 2027-01-15 08:00:00+00 is not in the repository, and would be lost"),
        ("/srv/x", 0, 1501.0, ""),
        ("", 300, 1501.0, ""),
    ],
)
def test_what_is_late_is_a_problem(
    home: Home, arrives: dict[str, Any], repository_of: str, every: int, age: float, expected: str
) -> None:
    home.backup_settings.write_text(Settings(repository=repository_of, continuous_send_every=every).text())
    sending.send(home, REMOTE, 60.0)
    state = {
        "service": "db",
        "state": "receiving",
        "problem": "",
        "lag_bytes": 0,
        "lag_seconds": 0.0,
        "base": 1.0,
        **continuous_standing._sent(home, NOW + age),
    }
    found = continuous_standing.problems([state], 900.0)
    assert found[0].startswith(expected) if expected else not found


def test_what_was_never_sent_is_late(home: Home) -> None:
    home.backup_settings.write_text(Settings(repository="/srv/x").text())
    assert continuous_standing._sent(home, NOW) == {"sent_until": 0.0, "sent_is_late": True, "sent_problem": ""}


def test_an_empty_file_of_wal_has_arrived_if_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"end": "", "lag": "about\tbytes\t0\nabout\tstate\treceiving\n"}
    monkeypatch.setattr(continuous, "execute", lambda _container, script, _service: said[script])
    scripts: Mapping[str, str] = {"end": "end", "lag": "lag"}

    def ask() -> bool:
        return continuous.end(None, scripts, "db", None)[1]  # type: ignore[arg-type]

    assert ask()
    said["lag"] = "about\tbytes\t16\nabout\tstate\treceiving\n"
    assert not ask()
    said["lag"] = "about\tbytes\t0\nabout\tstate\textended\n"
    assert not ask()


@pytest.mark.parametrize("every", [-5, 1, 29])
def test_an_interval_that_is_too_short_is_refused(home: Home, every: int) -> None:
    given = Schedule("", "", 0, Settings(continuous_send_every=every), {})
    with pytest.raises(ScheduleError, match=f"backup_continuous_send_every: {every} is neither 0 nor at least 30"):
        schedule.apply(home, "shop", given, b"", lambda _words: (0, "", ""), dry_run=True)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Settings(repository="/srv/x"), "OnActiveSec=300\nOnUnitInactiveSec=300"),
        (Settings(), None),
        (Settings(repository="/srv/x", continuous_send_every=0), None),
    ],
)
def test_the_timer_is_there_if_there_is_something_to_send_to(
    home: Home,
    arrives: dict[str, Any],
    given: Settings,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    monkeypatch.setattr(systemd, "UNITS", tmp_path)
    schedule.apply(home, "shop", Schedule("", "", 300, given, {}), b"", lambda _words: (0, "", ""), dry_run=False)
    timer = tmp_path / "slipway-wal-send-shop.timer"
    assert timer.exists() == (expected is not None)
    assert expected is None or expected in timer.read_text()
    assert json.loads(home.backup_settings.read_text())["continuous_send_every"] == given.continuous_send_every
