"""Assets of earlier releases that the edge serves: which files, from when, and until when."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import assets
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_files
from ansible_collections.slipway.stack.plugins.module_utils.engine.container_files import (
    NoSuchDirectory,
    UnfitDirectory,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from tests.support.fake_host import container, spec, tree, write_release

DIRECTORY = "/srv/assets"
NO_RELEASE: assets.Release = (None, dict)


class _Host:
    """A stack's directory, and a fake engine whose containers have the files of their image."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = Home(str(folder / "home"))
        self.home.state.mkdir(parents=True)
        self._images = folder / "images"
        self.copied: list[str] = []
        self.broken = self.unfit = False
        monkeypatch.setattr(container_files, "copy_directory", self._copy)

    def _copy(self, container: str, directory: str, target: Path) -> dict[str, str]:
        assert directory == DIRECTORY
        self.copied.append(container)
        if self.broken:
            raise DockerError("the engine does not answer")
        if self.unfit:
            raise UnfitDirectory("has more than 512 MiB")
        if not (self._images / container).is_dir():
            raise NoSuchDirectory(f"the container has no directory {directory}")
        shutil.copytree(self._images / container, target, dirs_exist_ok=True)
        return {name: hashlib.sha256((target / name).read_bytes()).hexdigest() for name in tree(target)}

    def image(self, name: str, files: Mapping[str, str]) -> Path:
        for path, text in files.items():
            write_text(self._images / name / path, text)
        return self._images / name

    def release(self, release_id: str, image: str, required: bool = False) -> assets.Release:
        entry = {"service": "web", "path": "/assets/", "directory": DIRECTORY, "required": required}
        write_release(self.home, release_id, services={"web": spec(pinned=image)}, assets=[entry])
        return self.home.manifest(release_id), lambda: {"web": [container("web", id=image)]}

    def keep(self, *releases: assets.Release) -> None:
        assets.keep_assets(self.home, releases, Journal(self.home.journal, "r"))

    def served(self) -> dict[str, str]:
        current = self.home.edge / "assets/current"
        return {f"/{path.relative_to(current)}": path.read_text() for path in current.rglob("*") if path.is_file()}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Host:
    return _Host(tmp_path, monkeypatch)


def test_files_of_an_earlier_release_are_kept_next_to_those_of_the_next(host: _Host) -> None:
    host.image("a", {"index-1.js": "one", "deep/x-1.css": "css"})
    host.image("b", {"index-2.js": "two"})
    first, second = host.release("r1", "a"), host.release("r2", "b")
    host.keep(NO_RELEASE, first)
    assert host.served() == {"/assets/index-1.js": "one", "/assets/deep/x-1.css": "css"}
    host.keep(first, second)
    assert host.served() == {"/assets/index-1.js": "one", "/assets/deep/x-1.css": "css", "/assets/index-2.js": "two"}
    # One copy for each image.
    assert host.copied == ["a", "b"]


def test_files_of_the_live_release_are_kept_even_if_they_were_not_copied_before(host: _Host) -> None:
    host.image("a", {"index-1.js": "one"})
    host.image("b", {"index-2.js": "two"})
    host.keep(host.release("r1", "a"), host.release("r2", "b"))
    assert set(host.served()) == {"/assets/index-1.js", "/assets/index-2.js"}


def test_a_name_with_different_content_is_not_served_by_the_edge(host: _Host) -> None:
    host.image("a", {"logo.svg": "old", "index-1.js": "one"})
    host.image("b", {"logo.svg": "new", "index-1.js": "one"})
    host.keep(host.release("r1", "a"), host.release("r2", "b"))
    assert host.served() == {"/assets/index-1.js": "one"}


def test_files_are_removed_with_the_last_release_that_uses_them(host: _Host) -> None:
    host.image("a", {"logo.svg": "old", "index-1.js": "one"})
    host.image("b", {"logo.svg": "new", "index-2.js": "two"})
    host.keep(host.release("r1", "a"), host.release("r2", "b"))
    shutil.rmtree(host.home.release("r1"))
    assets.prune_assets(host.home)
    assert host.served() == {"/assets/index-2.js": "two", "/assets/logo.svg": "new"}
    assert len(list((host.home.edge / "assets/images").iterdir())) == 2
    assert len(list((host.home.edge / "assets/unions").iterdir())) == 1


def test_a_directory_that_cannot_be_copied_names_the_service_and_the_key(host: _Host) -> None:
    host.image("a", {"index-1.js": "one"})
    host.unfit = True
    sentence = "service 'web': key 'assets': the directory /srv/assets of its image has more than 512 MiB"
    with pytest.raises(RolloutFailed, match=sentence):
        host.keep(NO_RELEASE, host.release("r1", "a"))
    assert host.served() == {}


def test_a_directory_that_the_kind_names_can_be_missing(host: _Host) -> None:
    release = host.release("r1", "none")
    host.keep(NO_RELEASE, release)
    host.keep(NO_RELEASE, release)
    assert (host.served(), host.copied) == ({}, ["none"])


def test_a_missing_directory_that_the_service_names_is_reported(host: _Host) -> None:
    with pytest.raises(RolloutFailed, match="service 'web': key 'assets': its image has no directory /srv/assets"):
        host.keep(NO_RELEASE, host.release("r1", "none", required=True))


def test_an_interrupted_copy_is_repeated(host: _Host) -> None:
    host.image("a", {"index-1.js": "one"})
    release = host.release("r1", "a")
    host.broken = True
    with pytest.raises(DockerError):
        host.keep(NO_RELEASE, release)
    host.broken = False
    host.keep(NO_RELEASE, release)
    assert host.served() == {"/assets/index-1.js": "one"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"/assets/index-1.js": 1}'])
def test_files_whose_record_is_damaged_are_copied_again(host: _Host, text: str) -> None:
    host.image("a", {"index-1.js": "one"})
    release = host.release("r1", "a")
    host.keep(NO_RELEASE, release)
    (record,) = (host.home.edge / "assets/images").glob("*.json")
    record.write_text(text)
    host.keep(NO_RELEASE, release)
    assert (host.served(), host.copied) == ({"/assets/index-1.js": "one"}, ["a", "a"])


def test_a_missing_union_is_created_at_the_next_rollout(host: _Host) -> None:
    host.image("a", {"index-1.js": "one"})
    release = host.release("r1", "a")
    host.keep(NO_RELEASE, release)
    (host.home.edge / "assets/current").unlink()
    host.keep(NO_RELEASE, release)
    assert host.served() == {"/assets/index-1.js": "one"}
    assert host.copied == ["a"]


def test_a_release_without_assets_creates_no_directory(host: _Host) -> None:
    host.keep(NO_RELEASE, ({"services": {"web": {"pinned": "a"}}}, dict))
    assets.prune_assets(host.home)
    assert not host.home.edge.exists()
