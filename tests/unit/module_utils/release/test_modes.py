"""Who may read what a release writes: root alone, but for what containers mount."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, registries
from ansible_collections.slipway.stack.plugins.module_utils.release import preflight
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import ship

from tests.support.descriptions import parcel, plain


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of a stack after its first release, with some umask of the login."""
    monkeypatch.setattr(docker, "containers", lambda *_: [])
    monkeypatch.setattr(registries, "remote_digest", lambda _reference: "sha256:11")
    monkeypatch.setattr(docker, "local_image", lambda _reference: None)
    monkeypatch.setattr(docker, "get", lambda path: {"DockerRootDir": str(tmp_path)} if path == "/info" else None)
    monkeypatch.setattr(docker, "run", lambda *_arguments, **_keywords: "")
    monkeypatch.setattr(preflight, "_bind_error", lambda *_place: None)
    files = {
        "/etc/conf": {"directory": {"sub/a": "1", "run": "2"}, "executable": ["run"]},
        "/etc/b": {"content": "3"},
        "/etc/key": {"content": "4", "secret": True},
    }
    release = parcel({"web": plain(files=files, environment={"A": "1"})}, {}, root=str(tmp_path))
    before = os.umask(request.param)
    try:
        ship(release.content(), release.secrets(), "r1", {}, 1, [], dry_run=False)
    finally:
        os.umask(before)
    return tmp_path / "shop"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_enters_the_directories(home: Path) -> None:
    mounted = {path for path in (home / "files").glob("*/conf*/**/") if path.is_dir()}
    assert mounted
    for folder in (home, *(path for path in home.rglob("*") if path.is_dir())):
        expected = 0o700 if "secrets" in folder.parts else 0o755 if folder in mounted else 0o750
        assert (str(folder), _mode(folder)) == (str(folder), expected)


def test_what_services_are_told_is_for_root(home: Path) -> None:
    release = home / "releases/r1"
    assert (_mode(release / "env/web.env"), _mode(release / "manifest.json")) == (0o600, 0o600)


def test_containers_read_what_they_mount(home: Path) -> None:
    modes = {path.name: _mode(path) for path in (home / "files").rglob("*") if path.is_file()}
    assert modes == {"a": 0o644, "run": 0o755, "b": 0o644}
    [secret] = (home / "secrets/0").iterdir()
    assert _mode(secret) == 0o444
