from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import (
    Home,
    append_line,
    discard_staged,
    link,
    mode_of,
    stage_link,
    write_text,
)

from tests.support.fake_host import tree, write_release


def test_an_empty_home_has_no_release(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "shop"))
    assert home.current_id() is None
    assert home.release_ids() == []
    assert home.manifest(None) is None
    assert home.manifest("r1") is None


def test_the_live_release_and_its_manifest(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    write_release(home, "r1", digest="d1")
    link(home.current, "releases/r1")
    assert home.current_id() == "r1"
    manifest = home.manifest(home.current_id())
    assert manifest is not None
    assert manifest["digest"] == "d1"
    assert (home.current / "manifest.json").is_file()


def test_complete_releases_are_listed_oldest_first(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    for release_id in ("20261121T101500Z-b", "20261120T101500Z-a", ".20261122T101500Z-c"):
        write_release(home, release_id)
    assert home.release_ids() == ["20261120T101500Z-a", "20261121T101500Z-b"]


def test_a_file_among_the_releases_is_not_a_release(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    write_release(home, "r1")
    write_text(home.releases / "backup.tar", "")
    assert home.release_ids() == ["r1"]
    assert home.manifest("backup.tar") is None


@pytest.mark.parametrize("text", ["", "{", "\x00"])
def test_an_incomplete_manifest_is_none(tmp_path: Path, text: str) -> None:
    home = Home(str(tmp_path))
    write_text(home.release("r1") / "manifest.json", text)
    assert home.manifest("r1") is None


def test_a_file_is_written_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c.conf"
    write_text(path, "Größe\r\n", 0o600)
    assert path.read_bytes() == "Größe\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_text(path, "new")
    assert path.read_text() == "new"
    assert tree(tmp_path) == ["a/b/c.conf"]


def test_a_failed_write_keeps_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.conf"
    write_text(path, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    assert path.read_text() == "old"


def test_a_link_is_replaced(tmp_path: Path) -> None:
    for name in ("r1", "r2"):
        (tmp_path / name).mkdir()
    link(tmp_path / "current", "r1")
    # A killed process can leave this file.
    (tmp_path / ".current.r2").symlink_to("nowhere")
    link(tmp_path / "current", "r2")
    assert (tmp_path / "current").readlink() == Path("r2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "r1", "r2"]


def test_a_staged_link_becomes_the_link_by_a_rename_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link(tmp_path / "current", "releases/r1")
    for target in ("releases/r1", "releases/r2"):
        stage_link(tmp_path / "current", target)

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.symlink", full)
    link(tmp_path / "current", "releases/r2")
    link(tmp_path / "current", "releases/r1")
    assert (tmp_path / "current").readlink() == Path("releases/r1")
    monkeypatch.undo()
    stage_link(tmp_path / "current", "releases/r2")
    discard_staged(tmp_path / "current")
    assert [path.name for path in tmp_path.iterdir()] == ["current"]


@pytest.mark.parametrize("written", [0, 4])
def test_a_line_that_does_not_fit_on_the_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """A full disk takes a part of a write without an error."""
    path = tmp_path / "journal.jsonl"
    append_line(path, "first")

    class Full(io.FileIO):
        def write(self, content: Any) -> int:
            if not written:
                raise OSError(28, "No space left on device")
            return super().write(content[:written])

    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", lambda name, mode, buffering: Full(name, mode.replace("b", "")))
        with pytest.raises(OSError, match="No space left"):
            append_line(path, "second")
    assert path.read_text() == "first\n"
    append_line(path, "third")
    assert path.read_text() == "first\nthird\n"


def test_a_line_is_not_appended_to_an_incomplete_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("first\nsec")
    append_line(path, "third")
    assert path.read_text() == "first\nsec\nthird\n"


@pytest.mark.parametrize(
    ("name", "mode"), [("manifest.json", 0o600), ("env/web.env", 0o600), (".env", 0o644), ("compose.yaml", 0o644)]
)
def test_only_root_reads_what_services_are_told(name: str, mode: int) -> None:
    assert mode_of(name) == mode
