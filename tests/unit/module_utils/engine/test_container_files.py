"""A directory of a container: only its regular files arrive, within limits, whatever its image has."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_files
from ansible_collections.slipway.stack.plugins.module_utils.engine.container_files import (
    NoSuchDirectory,
    UnfitDirectory,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

from tests.support.fake_engine import Answer
from tests.support.fake_host import tree
from tests.support.own_time import give_time

PATH = "/v1.44/containers/c1/archive?path=/srv/assets/."
Member = tuple[str, Any]


def _tar(*members: Member) -> bytes:
    """Return an archive: a text is a file, a mapping are fields of another kind of entry."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.size = len(content)
                info.mode = 0o4777
                archive.addfile(info, io.BytesIO(content.encode()))
            else:
                for field, value in content.items():
                    setattr(info, field, value)
                archive.addfile(info)
    return stream.getvalue()


def _copy(answer: Answer, target: Path, *members: Member) -> dict[str, str]:
    answer({PATH: (200, _tar(*members))})
    return container_files.copy_directory("c1", "/srv/assets/", target)


def test_files_arrive_with_their_digests(answer: Answer, tmp_path: Path) -> None:
    found = _copy(answer, tmp_path, ("./", {"type": tarfile.DIRTYPE}), ("./a.js", "one"), ("./deep/b.css", "two"))
    assert found == {
        "a.js": hashlib.sha256(b"one").hexdigest(),
        "deep/b.css": hashlib.sha256(b"two").hexdigest(),
    }
    assert (tmp_path / "deep/b.css").read_text() == "two"
    # Not the set-user-id bit of the image.
    assert (tmp_path / "a.js").stat().st_mode & 0o7133 == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/shadow"},
        {"type": tarfile.SYMTYPE, "linkname": "a.js"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5},
        {"type": tarfile.BLKTYPE, "devmajor": 8},
    ],
    ids=lambda fields: str(fields["type"]),
)
def test_links_pipes_and_devices_are_left_out(answer: Answer, tmp_path: Path, fields: dict[str, Any]) -> None:
    assert list(_copy(answer, tmp_path, ("./x.js", fields), ("./a.js", "one"))) == ["a.js"]
    assert tree(tmp_path) == ["a.js"]


def test_a_hard_link_is_a_second_name_of_the_same_file(answer: Answer, tmp_path: Path) -> None:
    link = {"type": tarfile.LNKTYPE, "linkname": "./a.js"}
    found = _copy(answer, tmp_path, ("./a.js", "one"), ("./b.js", link))
    assert found["a.js"] == found["b.js"]
    assert (tmp_path / "b.js").read_text() == "one"


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ([("../x.js", "one")], "has the file '../x.js', whose path leads out of it"),
        ([("/etc/x.js", "one")], "has the file '/etc/x.js', whose path leads out of it"),
        ([("./a/../../x.js", "one")], "has the file './a/../../x.js', whose path leads out of it"),
        ([("./x.js", {"type": tarfile.LNKTYPE, "linkname": "/etc/shadow"})], "'/etc/shadow', whose path leads out"),
        ([("./x.js", {"type": tarfile.LNKTYPE, "linkname": "other"})], "hard link to 'other', which is not a file in"),
    ],
)
def test_nothing_is_written_outside_of_the_target(
    answer: Answer, tmp_path: Path, members: list[Member], sentence: str
) -> None:
    target = tmp_path / "deep/target"
    target.mkdir(parents=True)
    with pytest.raises(UnfitDirectory, match=sentence):
        _copy(answer, target, *members)
    assert tree(tmp_path) == []


@pytest.mark.parametrize(
    ("limit", "value", "sentence"),
    [("MAX_BYTES", 2 * 1024**2, "has more than 2 MiB"), ("MAX_FILES", 2, "has more than 2 files")],
)
def test_the_size_and_the_number_of_files_are_limited(
    answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, sentence: str
) -> None:
    monkeypatch.setattr(container_files, limit, value)
    with pytest.raises(UnfitDirectory, match=sentence):
        _copy(answer, tmp_path, *((f"./{number}.js", "x" * 1024**2) for number in range(3)))


def test_a_copy_that_takes_too_long_ends(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 10_000, 100))
    give_time(monkeypatch, container_files, monotonic=lambda: next(times))
    with pytest.raises(UnfitDirectory, match="cannot be copied within 120 s"):
        _copy(answer, tmp_path, ("./a.js", "one"), ("./b.js", "two"))


def test_a_missing_directory_is_told_apart(answer: Answer, tmp_path: Path) -> None:
    answer({PATH: (404, {"message": "Could not find the file /srv/assets/. in container c1"})})
    with pytest.raises(NoSuchDirectory, match="the container has no directory /srv/assets"):
        container_files.copy_directory("c1", "/srv/assets", tmp_path)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ((500, {"message": "lstat: not a directory"}), "lstat: not a directory"),
        ((200, _tar(("./a.js", "one" * 1000))[:700]), "the engine sent an incomplete copy of /srv/assets"),
        ((200, os.urandom(2048)), "the engine sent an incomplete copy of /srv/assets"),
    ],
)
def test_an_answer_that_is_no_archive_is_an_error_of_the_engine(
    answer: Answer, tmp_path: Path, body: tuple[int, Any], sentence: str
) -> None:
    answer({PATH: body})
    with pytest.raises(DockerError, match=sentence):
        container_files.copy_directory("c1", "/srv/assets", tmp_path)


def test_an_engine_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match="the Docker engine does not answer"):
        container_files.copy_directory("c1", "/srv/assets", tmp_path)
