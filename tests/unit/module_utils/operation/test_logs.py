"""The logs of all containers of a stack on a host: by time, masked, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.log_stream import Limit
from ansible_collections.slipway.stack.plugins.module_utils.operation import logs
from ansible_collections.slipway.stack.plugins.module_utils.operation.logs import Query
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import container

NOW = 1_795_255_200.0
LOGS = {
    "web-1": [("t1", "one"), ("t4", "four secret")],
    "web-2": [("t3", "three")],
    "db-1": [("t2", "Two")],
    "old-1": [("t0", "zero")],
}


def _container(name: str, state: str = "running") -> Container:
    return container(name.partition("-")[0], id=name, name=f"shop-{name}", state=state)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    found = [_container(name, "exited" if name == "old-1" else "running") for name in LOGS]
    monkeypatch.setattr(docker, "containers", lambda _project: [*found, _container("new-1", "created")])

    def read(name: str, since: float, until: float, tail: int, _limit: Limit) -> Iterator[tuple[str, str]]:
        yield from LOGS[name][-tail:]

    monkeypatch.setattr(logs.log_stream, "read", read)
    return Home(str(tmp_path))


def _read(home: Home, **keys: Any) -> logs.Found:
    return logs.read(
        home, "shop", Query(**{"services": (), "since": 0.0, **keys}), lambda text: text.replace("sec", "*")
    )


def _times(found: logs.Found) -> list[str]:
    return [line["at"] for line in found.lines]


def test_lines_of_all_containers_are_by_time_and_masked(home: Home) -> None:
    found = _read(home)
    assert _times(found) == ["t0", "t1", "t2", "t3", "t4"]
    assert found.lines[-1] == {"at": "t4", "service": "web", "container": "shop-web-1", "text": "four *ret"}
    assert (found.notes, found.known) == ([], ["db", "new", "old", "web"])


def test_a_service_and_a_text_select_lines(home: Home) -> None:
    assert _times(_read(home, services=("web",))) == ["t1", "t3", "t4"]
    assert _times(_read(home, services=("db", "old"))) == ["t0", "t2"]
    assert _times(_read(home, grep="TWO")) == ["t2"]


def test_the_newest_lines_are_kept_and_it_is_said(home: Home) -> None:
    found = _read(home, lines=2)
    assert _times(found) == ["t3", "t4"]
    assert [note.partition(";")[0] for note in found.notes] == ["only the newest 2 lines are shown"]
    assert _read(home, lines=5).notes == []


def test_very_long_lines_are_bounded_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MAX_SHOWN", 12)
    found = _read(home)
    assert _times(found) == ["t4"]
    assert "only the newest 1 lines" in found.notes[0]


def test_a_log_that_cannot_be_read_is_a_note(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(name: str, *_arguments: Any) -> Iterator[tuple[str, str]]:
        if name == "db-1":
            raise DockerError("no such driver")
        yield from LOGS[name]

    monkeypatch.setattr(logs.log_stream, "read", read)
    found = _read(home)
    assert _times(found) == ["t0", "t1", "t3", "t4"]
    assert found.notes == ["the log of shop-db-1 cannot be read: no such driver"]


def test_a_limit_that_was_reached_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_name: str, _since: float, _until: float, _tail: int, limit: Limit) -> Iterator[tuple[str, str]]:
        limit.reached = True
        yield from ()

    monkeypatch.setattr(logs.log_stream, "read", read)
    assert [note[:50] for note in _read(home).notes] == ["the logs are larger than what is read at once (256"]


def test_following_goes_on_where_it_has_ended_and_waits_for_a_line(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def read(_name: str, since: float, until: float, _tail: int, _limit: Limit) -> Iterator[tuple[str, str]]:
        asked.append((since, until))
        if len(asked) > len(LOGS):
            yield "t5", "five"

    monkeypatch.setattr(logs.log_stream, "read", read)
    monkeypatch.setattr(logs, "_INTERVAL", 0.01)
    found = logs.follow(home, "shop", Query((), NOW), str)
    assert _times(found) == ["t5"] * 4
    assert {since for since, _until in asked} == {NOW}
    # One moment for all containers: a line of the first one that comes while the last is read would be lost.
    assert len({until for _since, until in asked}) == 2
    assert found.until == asked[-1][1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", NOW - 600),
        ("1h30m", NOW - 5400),
        ("2d", NOW - 172800),
        ("45s", NOW - 45),
        ("2026-11-21 10:00:00+00", NOW),
        ("2026-11-21T11:00+01", NOW),
        ("999999d", 0.0),
    ],
)
def test_a_beginning_is_a_span_or_a_moment(text: str, expected: float) -> None:
    assert logs.since(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "10", "10x", "m", "yesterday", "2026-11-21 10:00", "-5m"])
def test_any_other_beginning_is_refused(text: str) -> None:
    with pytest.raises(RolloutFailed, match=r"^since: '"):
        logs.since(text, NOW)
