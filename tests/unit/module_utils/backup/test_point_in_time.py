"""Which base backup leads to a moment, and the sentence if none does."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import chains, point_in_time, work
from ansible_collections.slipway.stack.plugins.module_utils.backup.chains import Base, Chain
from ansible_collections.slipway.stack.plugins.module_utils.backup.taking import Options
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_NOW = 1795790400.0
_MANIFEST = {"stack": "shop", "release": "1", "services": {}}
_USER = (os.getuid(), os.getgid())


def _wal(number: int) -> str:
    return f"0000000100000000{number:08X}"


def _chain(home: Home, name: str, files: range, received: float, *bases: tuple[int, float]) -> Chain:
    folder = home.backups / "continuous" / "db" / name
    chain = Chain(folder)
    for path in (chain.bases_folder, chain.wal):
        path.mkdir(parents=True)
    for number in files:
        path = chain.wal / f"{_wal(number)}.gz"
        path.write_text("")
        os.utime(path, (received, received))
    for number, finished in bases:
        chains.empty_new(chain, _USER)
        chain.add(Base(f"202601{number:02}T000000Z", "", _wal(number), finished - 5, finished, 0))
    return chain


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(str(tmp_path))
    found.make_directories()
    found.backups.mkdir()
    return found


@pytest.fixture(autouse=True)
def arrived(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the mark arrives."""
    result = [True]
    monkeypatch.setattr(point_in_time.containers, "running", lambda *_arguments: None)
    monkeypatch.setattr(point_in_time.continuous, "mark", lambda *_arguments: (_NOW, result[0]))
    return result


def _choose(home: Home, ago: float) -> Any:
    return point_in_time._choose(home, _MANIFEST, "db", {}, _NOW - ago)


def test_the_newest_one_before_the_moment(home: Home) -> None:
    chain = _chain(home, "20260101T000000Z", range(1, 10), _NOW, (2, _NOW - 900), (5, _NOW - 500), (8, _NOW - 100))
    found = _choose(home, 400)
    assert (found.chain, found.base.id, found.is_marked) == (chain, "20260105T000000Z", True)
    assert _choose(home, 500).base.id == "20260105T000000Z"
    assert _choose(home, 500.001).base.id == "20260102T000000Z"
    assert _choose(home, 0).base.id == "20260108T000000Z"


@pytest.mark.parametrize("ago", [901, -1])
def test_a_moment_outside_is_refused_with_the_span(home: Home, ago: float) -> None:
    _chain(home, "20260101T000000Z", range(1, 10), _NOW, (2, _NOW - 900))
    with pytest.raises(RolloutFailed, match=re.escape("possible is 2026-11-27 14:25:01+00 to 2026-11-27 14:40:00+00")):
        _choose(home, ago)


def test_what_nobody_has_received_is_refused(home: Home, arrived: list[bool]) -> None:
    arrived[0] = False
    _chain(home, "20260101T000000Z", range(1, 10), _NOW - 60, (2, _NOW - 900))
    found = _choose(home, 60)
    assert (found.base.start, found.is_marked) == (_wal(2), False)
    with pytest.raises(RolloutFailed, match=re.escape("to 2026-11-27 14:39:00+00; its WAL is not received: see journ")):
        _choose(home, 59)


def test_a_gap_between_two_chains_is_refused_with_both_spans(home: Home) -> None:
    first = _chain(home, "20260101T000000Z", range(1, 4), _NOW - 600, (2, _NOW - 900))
    _chain(home, "20260102T000000Z", range(6, 10), _NOW, (7, _NOW - 300))
    found = _choose(home, 700)
    assert (found.chain, found.is_marked) == (first, False)
    with pytest.raises(
        RolloutFailed,
        match=re.escape("14:25:01+00 to 2026-11-27 14:30:00+00; 2026-11-27 14:35:01+00 to 2026-11-27 14:40:00+00"),
    ):
        _choose(home, 500)


def test_a_file_that_is_missing_is_named(home: Home) -> None:
    chain = _chain(home, "20260101T000000Z", range(1, 10), _NOW, (2, _NOW - 900))
    (chain.wal / f"{_wal(4)}.gz").unlink()
    with pytest.raises(RolloutFailed, match=f"the files between {_wal(3)} and {_wal(5)} are missing"):
        _choose(home, 10)


def test_without_a_base_backup(home: Home) -> None:
    _chain(home, "20260101T000000Z", range(1, 10), _NOW)
    with pytest.raises(RolloutFailed, match="service 'db' has no base backup yet"):
        _choose(home, 10)


def test_services_that_are_not_saved_continuously(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_in_time, "_live", lambda _home: (_MANIFEST, {"db": {}}))
    moment = datetime.fromtimestamp(_NOW, UTC)
    with pytest.raises(RolloutFailed, match="service queue is not saved continuously; those that are: db"):
        point_in_time.backup_of(home, moment, ["queue"], Options("me", 1, 1.0), Journal(home.backup_journal, "x"))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (work.Work("restore", "me", moment="2026-11-26 08:15"), "restore_to: '2026-11-26 08:15' has no time zone"),
        (work.Work("drill", "me", moment="2026-11-26 08:15Z"), "a moment is for a restore"),
        (work.Work("restore", "me", "20260101T000000Z", moment="2026-11-26 08:15Z"), "without the id of a backup"),
    ],
)
def test_a_moment_that_is_none_takes_no_lease(home: Home, wanted: work.Work, message: str) -> None:
    with pytest.raises(RolloutFailed, match=message):
        work.begin(home, wanted)
    assert not home.lease.exists()


class _Copy:
    def __init__(self) -> None:
        self.cleared = 0

    def clear(self) -> None:
        self.cleared += 1


@pytest.mark.parametrize("is_marked", [True, False])
def test_wal_that_nobody_continues_is_recovered_to_its_end(
    home: Home, monkeypatch: pytest.MonkeyPatch, is_marked: bool
) -> None:
    chain = _chain(home, "20260101T000000Z", range(1, 10), _NOW, (2, _NOW - 900))
    plan = point_in_time._Plan("db", {}, chain, chain.bases()[0], is_marked)
    targets = []

    def attempt(_copy: _Copy, _plan: object, target: str, _timeout: float) -> None:
        targets.append(target)
        if target:
            raise point_in_time._EndedBefore("it ended")

    monkeypatch.setattr(point_in_time, "_attempt", attempt)
    copy, moment = _Copy(), datetime.fromtimestamp(_NOW, UTC)
    arguments: Any = (copy, plan, moment, 1.0, Journal(home.backup_journal, "x"))
    if is_marked:
        # A commit was made after this moment. So WAL is missing, and the end is not this moment.
        with pytest.raises(RolloutFailed, match="it ended"):
            point_in_time._recover(*arguments)
    else:
        point_in_time._recover(*arguments)
    assert (targets, copy.cleared) == (["2026-11-27 14:40:00.000000+00", *([] if is_marked else [""])], not is_marked)
