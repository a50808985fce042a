"""The backups on a host: which are whole, which is the newest, and which are removed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.unit.module_utils.backup.conftest import ARCHIVE

BackedUp = Callable[..., Path]
IDS = [f"2026112{day}T031500Z" for day in range(5)]


def test_a_backup_is_what_its_manifest_says(home: Home, backed_up: BackedUp) -> None:
    backed_up(IDS[0])
    backup = catalog.read(home, IDS[0]).value
    assert backup is not None
    assert (backup.size, backup.taken_at) == (3, 1763608500.0 + 365 * 86400)
    assert backup.path(backup.archives[0]).read_bytes() == b"abc"


@pytest.mark.parametrize("name", ["20261120T031500Z", "../state", "20261120T031500Z.unfinished", "", "x"])
def test_what_is_no_backup_is_none(name: str, home: Home) -> None:
    assert catalog.read(home, name) == catalog.Reading()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stack": 3}, "stack"),
        ({"archives": ["x"]}, "an archive: is no mapping"),
        ({"archives": [{**ARCHIVE, "size": "3"}]}, "size"),
        ({"archives": [{**ARCHIVE, "file": "../../etc/passwd"}]}, "is not in the directory of the backup"),
        ({"archives": [{**ARCHIVE, "file": "/etc/passwd"}]}, "is not in the directory of the backup"),
        ({"archives": [{**ARCHIVE, "size": 4}]}, "db/0000.zst has 3 bytes, not 4"),
        ({"archives": [{**ARCHIVE, "file": "db/0001.zst"}]}, "db/0001.zst is missing, not 3"),
    ],
)
def test_a_damaged_backup_is_named(changes: dict[str, Any], said: str, home: Home, backed_up: BackedUp) -> None:
    folder = backed_up(IDS[0], **changes)
    found = catalog.read(home, IDS[0])
    assert found.value is None
    assert said in found.problem
    assert found.problem.endswith(f"Use another backup, and remove {folder}")


def test_a_manifest_that_is_missing_or_no_json_is_named(home: Home, backed_up: BackedUp) -> None:
    folder = backed_up(IDS[0])
    (folder / "manifest.json").write_text("{")
    assert str(folder) in catalog.read(home, IDS[0]).problem
    (folder / "manifest.json").unlink()
    assert "does not exist" in catalog.read(home, IDS[0]).problem


def test_the_newest_is_neither_damaged_nor_of_replaced_data(home: Home, backed_up: BackedUp) -> None:
    assert catalog.newest(home) == catalog.Reading()
    backed_up(IDS[0])
    backed_up(IDS[1], before_restore=True)
    (backed_up(IDS[2]) / "db/0000.zst").unlink()
    newest = catalog.newest(home).value
    assert newest is not None
    assert newest.id == IDS[0]


def test_the_oldest_are_removed_and_damaged_ones_stay(home: Home, backed_up: BackedUp) -> None:
    for backup_id in IDS:
        backed_up(backup_id)
    (home.backups / IDS[1] / "db/0000.zst").unlink()
    assert catalog.prune(home, 2) == [IDS[0], IDS[2]]
    assert catalog.ids(home) == [IDS[1], IDS[3], IDS[4]]
    assert catalog.prune(home, 0) == [IDS[3]]


def test_what_a_killed_backup_left_is_removed_by_the_next(home: Home) -> None:
    (catalog.begin(home, IDS[0]) / "db").mkdir()
    old = home.backups / f"{IDS[0]}.arriving"
    old.mkdir()
    os.utime(old, (0, 0))
    (home.backups / f"{IDS[2]}.arriving").mkdir()
    catalog.begin(home, IDS[1])
    left = sorted(path.name for path in home.backups.iterdir())
    # A drill may fetch the other one now.
    assert left == [f"{IDS[1]}.unfinished", f"{IDS[2]}.arriving"]
    assert catalog.ids(home) == []
