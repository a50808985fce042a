"""A snapshot is written member by member, and the reader of the destination reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.refresh import (
    making,
    making_work,
    snapshot_reader,
    snapshot_writer,
)
from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import ALL, Scanner, Searched
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_writer import Writer
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import LeaseHeld

ID = "20261127T120000Z"
ABOUT = {
    "source": {"stack": "shop"},
    "server_version": "17.6",
    "database": "shop",
    "extensions": [],
    "domain": "example.com",
}


def _scanner() -> Scanner:
    return Scanner([Searched("id", ALL)], "example.com", ())


def _write(folder: Path, snapshot_id: str = ID) -> Path:
    writer = Writer(folder, snapshot_id, 60.0)
    writer.add("pre-data", ["echo", "CREATE TABLE t (id int);"], _scanner(), {})
    rows = {"table": "public.t", "copy": "public.t (id)", "search": {"id": sorted(ALL)}}
    writer.add("rows", ["seq", "1", "100000"], _scanner(), rows)
    writer.add("post-data", ["true"], _scanner(), {})
    return writer.complete(ABOUT)


def test_the_reader_reads_what_is_written(tmp_path: Path) -> None:
    path = _write(tmp_path / "snapshots")
    found = snapshot_reader.read(path)
    rows = found.members[1]
    assert (found.id, found.domain, rows.rows, rows.plain_size) == (ID, "example.com", 100000, 588895)
    assert dict(rows.search) == {"id": sorted(ALL)}
    out = tmp_path / "out"
    streams.restore(path, ["sh", "-c", f"cat >{out}"], rows.sha256, 60.0, rows.offset, rows.size)
    assert out.read_bytes() == b"".join(b"%d\n" % number for number in range(1, 100001))
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path / "snapshots") == [f"{ID}.tar"]


def test_a_command_that_fails_is_named_and_nothing_stays(tmp_path: Path) -> None:
    writer = Writer(tmp_path, ID, 60.0)
    with pytest.raises(RolloutFailed, match=r"^public\.t: sh: no such thing$"):
        writer.add("rows", ["sh", "-c", "echo 1; echo no such thing >&2; exit 3"], _scanner(), {"table": "public.t"})
    writer.remove()
    assert os.listdir(tmp_path) == []


def test_what_a_killed_run_has_left_is_removed(tmp_path: Path) -> None:
    Writer(tmp_path, "20261127T110000Z", 60.0).add("pre-data", ["echo"], _scanner(), {})
    (tmp_path / "20261127T110000Z.unfinished.tar").write_bytes(b"half")
    _write(tmp_path)
    assert os.listdir(tmp_path) == [f"{ID}.tar"]


def test_the_newest_snapshots_stay(tmp_path: Path) -> None:
    for hour in range(3):
        _write(tmp_path, f"20261127T0{hour}0000Z")
    (tmp_path / "arrived.x").touch()
    snapshot_writer.prune(tmp_path, 1)
    assert sorted(os.listdir(tmp_path)) == ["20261127T020000Z.tar", "arrived.x"]


def test_what_a_watcher_raises_ends_the_stream(tmp_path: Path) -> None:
    def refuse(_block: bytes) -> None:
        raise ValueError("seen enough")

    with pytest.raises(ValueError, match="seen enough"):
        streams.save(["yes"], tmp_path / "a.zst", 30.0, streams.watched(refuse))
    assert os.listdir(tmp_path) == []


def test_a_snapshot_is_handed_over_to_the_owner_of_a_directory(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "shop"))
    home.path.mkdir()
    path = _write(home.path / "snapshots")
    folder = tmp_path / "of-user"
    folder.mkdir(0o700)
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12346)
    copy = making_work.hand_over(home, f"snapshot-{ID}", folder)
    assert copy.read_bytes() == path.read_bytes()
    assert (copy.stat().st_uid, copy.stat().st_mode & 0o777) == (folder.stat().st_uid, 0o600)
    with pytest.raises(RolloutFailed, match="cannot be copied"):
        making_work.hand_over(home, f"snapshot-{ID}", folder)


def test_two_snapshots_at_once_are_refused(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    wanted = making.Wanted({}, {}, "db", "app1")
    with pytest.raises(RolloutFailed, match="nothing was ever deployed"):
        making_work.begin(home, "ada@laptop", wanted)
    home.make_directories()
    lease, name, _function = making_work.begin(home, "ada@laptop", wanted)
    with pytest.raises(LeaseHeld, match="ada@laptop"):
        making_work.begin(home, "bob@desk", wanted)
    assert making_work.path_of(home, name) == home.path / "snapshots" / f"{name.removeprefix('snapshot-')}.tar"
    lease.close_own_copy()


def test_a_failed_snapshot_says_so_in_the_journal(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    home.make_directories()
    wanted = making.Wanted({}, {"words": []}, "db", "app1")
    _lease, name, function = making_work.begin(home, "ada@laptop", wanted)
    function()
    records, _end = journal.read(home.backup_journal, 0)
    assert [(record["step"], record["state"]) for record in records] == [("rollout", "failed"), ("end", "failed")]
    assert str(records[0]["text"]).startswith("lookup table first_names must be a list")
    assert records[0]["release"] == name
