"""Files of a volume by rule: only what a rule names, as plain files, and no secret of production."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.refresh import uploads
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_writer import Writer
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

SECRET = b"a-password-of-production"
_TAR = "tar --create --sparse --xattrs --acls --numeric-owner --directory={} . | zstd --quiet >{}"


@pytest.fixture
def backup(tmp_path: Path) -> Backup:
    """Return a backup of a volume, as it is taken."""
    volume = tmp_path / "volume"
    for path, content in {
        "avatars/1.png": b"one",
        "avatars/large.png": b"x" * 5000,
        "avatars/deep/2.png": b"two",
        "cv/jane-doe.pdf": b"personal",
        "logo.svg": b"<svg/>",
    }.items():
        (volume / path).parent.mkdir(parents=True, exist_ok=True)
        (volume / path).write_bytes(content)
    (volume / "avatars/link.png").symlink_to("/etc/shadow")
    with open(volume / "avatars/sparse.png", "wb") as file:
        file.seek(3 * 1024**2)
        file.write(b"end")
    (volume / "logo.svg").chmod(0o4755)
    (volume / "avatars").chmod(0o2770)
    volume.chmod(0o1771)
    return _saved(tmp_path)


def _saved(folder: Path) -> Backup:
    archive = folder / "0001.zst"
    subprocess.run(_TAR.format(folder / "volume", archive), shell=True, check=True)
    content = archive.read_bytes()
    entry = {"service": "backend", "sort": "volume", "name": "uploads", "file": archive.name, "size": len(content)}
    entry["sha256"] = hashlib.sha256(content).hexdigest()
    return Backup("20261127T031500Z", folder, {"archives": [entry]})


def _rules(*paths: str, largest: int = 0) -> dict[str, Any]:
    return {"backend": {"uploads": {"paths": list(paths), "largest": largest}}}


def _taken(tmp_path: Path, backup: Backup, rules: dict[str, Any]) -> tuple[dict[str, tarfile.TarInfo], bytes, Any]:
    """Return the entries that a snapshot gets, the tar file, and the answer."""
    writer = Writer(tmp_path / "snapshots", "20261127T120000Z", 60.0)
    finds = uploads.add(writer, backup, rules, [SECRET], Journal(tmp_path / "journal", "snapshot"))
    answer = json.loads((tmp_path / "journal").read_text())["text"], [str(find) for find in finds]
    part = tmp_path / "snapshots" / "20261127T120000Z.unfinished" / writer.members[0]["file"]
    decompress = ["zstd", "--quiet", "--decompress", "--stdout", str(part)]
    plain = subprocess.run(decompress, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return {entry.name: entry for entry in archive}, plain, (answer, writer.members[0])


def test_only_chosen_files_are_taken_with_their_directories(tmp_path: Path, backup: Backup) -> None:
    entries, plain, (answer, member) = _taken(tmp_path, backup, _rules("avatars/*.png", largest=4096))
    assert set(entries) == {".", "./avatars", "./avatars/1.png", "./avatars/deep", "./avatars/deep/2.png"}
    assert answer == ("took 2 of 6 files of volume uploads", [])
    assert (member["service"], member["volume"], member["rows"], member["plain_size"]) == (
        "backend",
        "uploads",
        2,
        len(plain),
    )
    assert b"personal" not in plain
    assert b"jane" not in plain


def test_modes_stay_and_no_file_runs_as_its_owner(tmp_path: Path, backup: Backup) -> None:
    entries, _plain, _answer = _taken(tmp_path, backup, _rules("logo.svg", "avatars/1.png"))
    assert [oct(entries[name].mode) for name in (".", "./avatars", "./logo.svg")] == ["0o1771", "0o2770", "0o755"]


def test_a_sparse_file_is_whole(tmp_path: Path, backup: Backup) -> None:
    entries, plain, _answer = _taken(tmp_path, backup, _rules("avatars/sparse.png"))
    assert entries["./avatars/sparse.png"].size == 3 * 1024**2 + 3
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        content = archive.extractfile("./avatars/sparse.png")
        assert content is not None
        assert content.read().endswith(b"\0\0end")


@pytest.mark.usefixtures("backup")
def test_links_are_never_taken(tmp_path: Path) -> None:
    (tmp_path / "volume/avatars/hard.png").hardlink_to(tmp_path / "volume/cv/jane-doe.pdf")
    entries, _plain, _answer = _taken(tmp_path, _saved(tmp_path), _rules("*"))
    assert "./avatars/link.png" not in entries
    # One of two names of a file is a file in the archive, and the other one a link.
    assert len({"./avatars/hard.png", "./cv/jane-doe.pdf"} & set(entries)) == 1
    assert all(entry.isreg() or entry.isdir() for entry in entries.values())


def test_nothing_chosen_is_an_empty_volume(tmp_path: Path, backup: Backup) -> None:
    entries, _plain, _answer = _taken(tmp_path, backup, _rules("nothing"))
    assert list(entries) == ["."]


@pytest.mark.usefixtures("backup")
@pytest.mark.parametrize("before", [0, 16 * 1024 - 7, 1024**2 - 7])
def test_a_secret_is_found_also_over_two_blocks(tmp_path: Path, before: int) -> None:
    (tmp_path / "volume/avatars/1.png").write_bytes(b"y" * before + SECRET + b"z" * 100)
    _entries, _plain, (answer, _member) = _taken(tmp_path, _saved(tmp_path), _rules("avatars/*"))
    assert answer[1] == ["uploads: backend: uploads: 1 secrets of production"]


def test_a_volume_that_is_not_saved_is_named(backup: Backup) -> None:
    rules = {"backend": {"media": {"paths": ["*"], "largest": 0}}}
    said = "uploads: backend: media: backup 20261127T031500Z has no such volume; it has backend: uploads"
    assert uploads.problems(backup, rules) == [said]
    assert uploads.problems(backup, _rules("*")) == []


def test_a_damaged_archive_is_not_used(tmp_path: Path, backup: Backup) -> None:
    archive = tmp_path / "0001.zst"
    archive.write_bytes(archive.read_bytes()[:-1])
    writer = Writer(tmp_path / "snapshots", "20261127T120000Z", 60.0)
    with pytest.raises(RolloutFailed, match="truncated or damaged"):
        uploads.add(writer, backup, _rules("*"), [], Journal(tmp_path / "journal", "snapshot"))
    assert writer.members == []
