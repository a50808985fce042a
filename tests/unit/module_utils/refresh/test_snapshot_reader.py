"""What a snapshot must be before anything of it is loaded."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.refresh import snapshot_reader
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

from tests.support.snapshots import Part, add, write

GOOD = [
    Part("pre-data", b"CREATE TABLE t (id int);"),
    Part("rows", b"1\n2\n", "public.t", "public.t (id)", 2),
    Part("post-data", b"SELECT 1;"),
]


def test_a_good_one_is_read_in_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", GOOD)
    found = snapshot_reader.read(path)
    assert (found.id, found.major, [member.sort for member in found.members]) == (
        "20261127T120000Z",
        17,
        ["pre-data", "rows", "post-data"],
    )
    rows = found.members[1]
    assert (rows.table, rows.rows, rows.plain_size) == ("public.t", 2, 4)
    assert path.read_bytes()[rows.offset : rows.offset + 4] == b"\x28\xb5\x2f\xfd"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "format 2 is unknown"),
        ({"id": "../x"}, "is no time"),
        ({"server_version": "new"}, "no version of Postgres"),
        ({"domain": "gmail.com"}, "is not one where nobody gets mail"),
        ({"domain": "example.com.gmail.com"}, "is not one where nobody gets mail"),
        ({"members": None}, "key 'members' has a value of the wrong type"),
        ({"members": []}, "not in the order"),
    ],
)
def test_a_wrong_manifest_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RolloutFailed, match=said):
        snapshot_reader.read(write(tmp_path / "a.tar", GOOD, **changes))


@pytest.mark.parametrize("kinds", [["nothing"], "card numbers", [["card numbers"]], None])
def test_an_unknown_search_is_refused(tmp_path: Path, kinds: Any) -> None:
    parts = [GOOD[0], Part("rows", b"1\n", "public.t", "public.t (id)", 1, (("id", kinds),)), GOOD[2]]
    with pytest.raises(RolloutFailed, match="searched for something unknown"):
        snapshot_reader.read(write(tmp_path / "a.tar", parts))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "../0001.zst"}, "has an invalid name or checksum"),
        ({"sha256": "0"}, "has an invalid name or checksum"),
        ({"size": -1}, "has a negative size"),
        ({"sort": "post"}, "is not one of pre-data"),
        ({"size": "1"}, "key 'size' has a value of the wrong type"),
    ],
)
def test_a_wrong_member_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    member = {"file": "0001.zst", "sort": "pre-data", "size": 1, "plain_size": 1, "sha256": "0" * 64, **change}
    with pytest.raises(RolloutFailed, match=said):
        snapshot_reader.read(write(tmp_path / "a.tar", GOOD, members=[member]))


def test_members_in_another_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RolloutFailed, match="not in the order"):
        snapshot_reader.read(write(tmp_path / "a.tar", GOOD[::-1]))


def test_a_foreign_member_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", GOOD)
    with tarfile.open(path, "a") as archive:
        add(archive, "../../etc/cron.d/x", b"x")
    with pytest.raises(RolloutFailed, match="does not name"):
        snapshot_reader.read(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2])
def test_a_truncated_one_is_refused(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "a.tar", GOOD)
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(RolloutFailed):
        snapshot_reader.read(path)


def test_a_pipe_and_a_link_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    write(tmp_path / "a.tar", GOOD)
    (tmp_path / "link").symlink_to("a.tar")
    for name in ("pipe", "link", "missing"):
        with pytest.raises(RolloutFailed):
            snapshot_reader.read(tmp_path / name)
