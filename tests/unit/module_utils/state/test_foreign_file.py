"""The reader for files that somebody else may have made: nothing but a small regular file below the root is read."""

from __future__ import annotations

import os
import random
import socket
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError, MissingFile

from tests.support.errors import error_of
from tests.support.own_time import give_time

SECRET = "root:$y$j9T$canary"


def _link_to_secret(path: Path) -> None:
    (path.parent.parent / "shadow").write_text(SECRET)
    path.symlink_to(path.parent.parent / "shadow")


def _socket(path: Path) -> None:
    # The path of a socket has at most 108 bytes.
    folder = os.open(path.parent, os.O_RDONLY)
    socket.socket(socket.AF_UNIX).bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


#: What can be in the place of a file, with the sentence about it.
OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "link": (_link_to_secret, "is a symbolic link; it must be a regular file"),
    "dangling link": (lambda path: path.symlink_to("nowhere"), "is a symbolic link; it must be a regular file"),
    "link to itself": (lambda path: path.symlink_to(path.name), "is a symbolic link; it must be a regular file"),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), "is a symbolic link; it must be a regular file"),
    "pipe": (os.mkfifo, "is a named pipe; it must be a regular file"),
    "socket": (_socket, "is a socket; it must be a regular file"),
    "directory": (Path.mkdir, "is a directory; it must be a regular file"),
    "nothing": (lambda _path: None, "does not exist"),
    "large file": (lambda path: (path.touch(), os.truncate(path, 2**40)), "bytes; it must have at most 64"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_anything_but_a_small_regular_file_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "volume"
    root.mkdir()
    make, sentence = OTHERS[kind]
    make(root / "PG_VERSION")
    message = error_of(foreign_file.read_bytes, root, "PG_VERSION", 64)
    assert message.startswith(str(root / "PG_VERSION"))
    assert message.endswith(sentence)
    assert SECRET not in message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_is_not_opened(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", 0o020666, os.makedev(1, 5))
    except OSError:
        pytest.skip("this machine does not let root make a device")
    assert error_of(foreign_file.read_bytes, tmp_path, "zero", 64).endswith("is a device; it must be a regular file")


@pytest.mark.parametrize("depth", range(3))
def test_no_directory_in_the_path_may_be_a_link(tmp_path: Path, depth: int) -> None:
    root, outside = tmp_path / "volume", tmp_path / "outside"
    parts = ["a", "b", "c"]
    (outside / "/".join(parts[depth + 1 :])).mkdir(parents=True)
    (outside / "/".join(parts[depth + 1 :]) / "file").write_text(SECRET)
    folder = root.joinpath(*parts[:depth])
    folder.mkdir(parents=True)
    (folder / parts[depth]).symlink_to(outside)
    message = error_of(foreign_file.read_bytes, root, "a/b/c/file", 64)
    assert message == f"{folder / parts[depth]} is a symbolic link; it must be a directory"


def test_links_in_the_path_of_the_root_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/file").write_text("18\n")
    (tmp_path / "root").symlink_to("real")
    assert foreign_file.read_bytes(tmp_path / "root", "file", 64) == b"18\n"


@pytest.mark.parametrize("path", ["../shadow", "a/../../shadow", "/etc/shadow", "", ".", "a\0b"])
def test_a_path_that_is_not_below_the_root_is_refused(tmp_path: Path, path: str) -> None:
    assert "is not the path of a file below" in error_of(foreign_file.read_bytes, tmp_path, path, 64)


def test_a_name_that_the_system_does_not_accept_is_refused(tmp_path: Path) -> None:
    assert "cannot be read: File name too long" in error_of(foreign_file.read_bytes, tmp_path, "x" * 300, 64)


def test_a_name_cannot_control_the_terminal(tmp_path: Path) -> None:
    name = "a\n\x1b[2J\udcff"
    (tmp_path / name).mkdir()
    message = error_of(foreign_file.read_bytes, tmp_path, name, 64)
    assert message == f"{tmp_path}/a\\n\\x1b[2J\\udcff is a directory; it must be a regular file"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(os, "read", lambda _file, length: b"x" * min(length, 10))
    assert error_of(foreign_file.read_bytes, tmp_path, "file", 64).endswith("has more than 64 bytes")


def test_a_slow_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    times = iter(range(0, 1000, 6))
    give_time(monkeypatch, foreign_file, monotonic=lambda: next(times))
    monkeypatch.setattr(os, "read", lambda _file, _length: b"x")
    assert error_of(foreign_file.read_bytes, tmp_path, "file", 64).endswith("cannot be read within 10 s")


def test_a_file_that_is_replaced_after_the_first_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "file")
    monkeypatch.setattr(foreign_file, "_kind_at", lambda *_: 0o100000)
    assert error_of(foreign_file.read_bytes, tmp_path, "file", 64).endswith("a named pipe; it must be a regular file")


@pytest.mark.parametrize("text", ["18", "18\n", " 9.6 \n"])
def test_a_text_in_the_alphabet_is_returned_without_white_space(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    assert foreign_file.read_text(tmp_path, "file", 64, r"[0-9]+(\.[0-9]+)*", "a version number") == text.strip()


@pytest.mark.parametrize("seed", range(50))
def test_a_text_outside_of_the_alphabet_is_never_shown(tmp_path: Path, seed: int) -> None:
    text = "".join(random.Random(seed).choices(string.printable, k=40))
    (tmp_path / "file").write_text(text)
    message = error_of(foreign_file.read_text, tmp_path, "file", 64, r"[0-9]+", "a version number")
    assert message == f"{tmp_path / 'file'} does not contain a version number"


def test_bytes_that_are_no_utf_8_survive(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\xfe")
    assert foreign_file.read_text(tmp_path, "file", 64).encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_a_pattern_finds_files_but_enters_no_link(tmp_path: Path) -> None:
    for path in ("PG_VERSION", "18/docker/PG_VERSION", "17/docker/PG_VERSION", "17/other"):
        (tmp_path / "root" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / path).touch()
    (tmp_path / "root/19").symlink_to("18")
    assert foreign_file.find(tmp_path / "root", "PG_VERSION") == ["PG_VERSION"]
    assert foreign_file.find(tmp_path / "root", "*/docker/PG_VERSION") == [
        "17/docker/PG_VERSION",
        "18/docker/PG_VERSION",
    ]
    assert foreign_file.find(tmp_path / "root", "*/nowhere/*") == []
    assert foreign_file.find(tmp_path / "nowhere", "*/docker") == []


def test_a_link_that_a_pattern_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "18").mkdir()
    (tmp_path / "18/docker").symlink_to("/etc")
    message = error_of(foreign_file.find, tmp_path, "*/docker/PG_VERSION")
    assert message == f"{tmp_path}/18/docker is a symbolic link; it must be a regular file"


def test_a_directory_yields_its_regular_files_only(tmp_path: Path) -> None:
    for path in ("b/deep/2", "b/1", "a"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "etc").symlink_to("/etc")
    (tmp_path / "b/link").symlink_to("1")
    os.mkfifo(tmp_path / "pipe")
    assert list(foreign_file.files_below(tmp_path)) == ["a", "b/1", "b/deep/2"]
    assert list(foreign_file.files_below(tmp_path, "b")) == ["1", "deep/2"]
    with pytest.raises(MissingFile):
        list(foreign_file.files_below(tmp_path, "c"))


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_file, "MAX_ENTRIES", 2)
    for folder in ("x", "y"):
        for name in ("1", "2"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).touch()
    with pytest.raises(ForeignFileError, match="has more than 2 files"):
        list(foreign_file.files_below(tmp_path))
    (tmp_path / "x/3").touch()
    with pytest.raises(ForeignFileError, match="x has more than 2 entries"):
        list(foreign_file.files_below(tmp_path, "x"))


def test_links_inside_of_the_root_can_be_resolved(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "conf").mkdir(parents=True)
    (root / "link").symlink_to("conf")
    assert foreign_file.resolve(root, "link/app.conf") == "conf/app.conf"
    assert foreign_file.resolve(root, str(root / "link")) == "conf"
    assert foreign_file.resolve(root, ".") == ""


@pytest.mark.parametrize("path", ["out", "../shadow", "/etc/shadow", "out/x", "/proc/self/environ"])
def test_a_path_that_leads_out_of_the_root_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "out").symlink_to("/etc")
    assert error_of(foreign_file.resolve, root, path) == f"{path} leads to a place outside {root}"


@pytest.mark.parametrize("path", ["one", "one/file"])
def test_a_circle_of_links_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert error_of(foreign_file.resolve, tmp_path, path) == (
        f"{tmp_path / path} cannot be read: its links lead in a circle"
    )
