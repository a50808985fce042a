"""The ids of backups, snapshots and restores that begin within one second: each is another one, in their order."""

from __future__ import annotations

import calendar
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, chains, restore_record, taking
from ansible_collections.slipway.stack.plugins.module_utils.backup.restore_record import Record, Swap
from ansible_collections.slipway.stack.plugins.module_utils.refresh import making_work
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.own_time import give_time

BackedUp = Callable[..., Path]
NOW = "20261127T031500Z"
LIVE = {"stack": "shop", "release": "r1", "services": {}}


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock."""
    now = calendar.timegm(time.strptime(NOW, "%Y%m%dT%H%M%SZ"))
    give_time(monkeypatch, catalog, time=lambda: now + 0.75)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], NOW),
        (["20261127T031459Z", "20261126T031500Z"], NOW),
        ([NOW], "20261127T031501Z"),
        ([f"{NOW}.unfinished"], "20261127T031501Z"),
        ([f"{NOW}.arriving"], "20261127T031501Z"),
        ([f"{NOW}.tar", "20261127T031501Z.unfinished.tar"], "20261127T031502Z"),
        # The first ones were removed. The new one still has to be the newest.
        (["20261127T031503Z"], "20261127T031504Z"),
        # The clock was set back.
        (["20271127T031500Z"], NOW),
        (["20261127T031601Z"], NOW),
        (["continuous", "manifest.json", "20269999T999999Z", f"snapshot-{NOW}"], NOW),
    ],
)
def test_an_id_is_that_of_now_or_the_one_after_the_last(names: list[str], expected: str) -> None:
    assert catalog.new_id(names) == expected


def test_ids_are_a_minute_ahead_of_the_clock_at_most() -> None:
    names: list[str] = []
    while len(names) < 61:
        names.append(catalog.new_id(names))
    assert names[-1] == "20261127T031600Z"
    assert names == sorted(set(names))
    with pytest.raises(RolloutFailed, match=r"all ids up to 20261127T031600Z are taken, which is 60 s from now; set"):
        catalog.new_id(names)


def test_backups_within_one_second_are_all_there(home: Home, backed_up: BackedUp) -> None:
    options = taking.Options("ada", 7, 60.0)
    (home.backups / f"{NOW}.arriving").mkdir(parents=True)
    written = [taking.write(home, LIVE, options, lambda _folder: [], {}) for _ in range(3)]
    assert [backup.id for backup in written] == [f"20261127T03150{second}Z" for second in (1, 2, 3)]
    assert catalog.ids(home) == [backup.id for backup in written]
    assert catalog.find(home, "").id == written[-1].id


def test_a_masked_snapshot_does_not_replace_one_of_the_same_second(home: Home) -> None:
    (home.path / "snapshots").mkdir()
    (home.path / "snapshots" / f"{NOW}.tar").touch()
    lease, name, _run = making_work.begin(home, "ada", making_work.Wanted({}, {}, "db", "app1"))
    lease.close_own_copy()
    assert making_work.path_of(home, name).name == "20261127T031501Z.tar"


def test_a_chain_that_begins_within_a_second_of_another_is_another(home: Home) -> None:
    found = [chains.begin(home, "db", (os.getuid(), os.getgid())) for _ in range(2)]
    assert [chain.folder.name for chain in found] == [NOW, "20261127T031501Z"]
    assert chains.of_service(home, "db") == found


def test_a_restore_has_other_names_than_what_the_last_one_set_aside(home: Home) -> None:
    prefix = restore_record.new_prefix(home)
    assert prefix == "slipway_20261127t031500z"
    database = Swap("db", "name", "database", "shop", f"{prefix}_0_new", f"{prefix}_0_old")
    aside = "/srv/_data.slipway_20261127t031501z_1_old"
    volume = Swap("web", "directory", "uploads", "/srv/_data", "/srv/_data.other", aside)
    restore_record.write(home, Record(NOW, "swapped", True, (database, volume)))
    restore_record.complete(home)
    assert restore_record.new_prefix(home) == "slipway_20261127t031502z"
