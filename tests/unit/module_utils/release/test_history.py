"""Which releases are kept on a host, and what is removed with the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.release.history import prune_releases
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

from tests.support.fake_host import tree, write_release

IDS = [f"2026112{day}T101500Z-aaaa" for day in range(6)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def _deployed(home: Home, *ids: str, failed: tuple[str, ...] = (), live: str | None = None, **manifest: Any) -> None:
    """Write releases, and record that all except *failed* were live. The last of *ids*, or *live*, is current."""
    lines = []
    for release_id in (*ids, *failed):
        write_release(home, release_id, **manifest)
        lines.append({"release": release_id, "outcome": "failed" if release_id in failed else "ok"})
    write_text(home.audit, "".join(json.dumps(line) + "\n" for line in lines))
    link(home.current, f"releases/{live or ids[-1]}")


@pytest.mark.parametrize(("keep", "kept"), [(1, IDS[5:]), (3, IDS[3:]), (6, IDS), (9, IDS)])
def test_the_newest_releases_are_kept(home: Home, keep: int, kept: list[str]) -> None:
    _deployed(home, *IDS)
    assert prune_releases(home, keep) == [release_id for release_id in IDS if release_id not in kept]
    assert home.release_ids() == kept


def test_an_old_live_release_is_kept(home: Home) -> None:
    _deployed(home, *IDS, live=IDS[0])
    prune_releases(home, 2)
    assert home.release_ids() == [IDS[0], IDS[5]]


def test_releases_that_were_never_live_are_removed(home: Home) -> None:
    _deployed(home, IDS[0], IDS[5], failed=tuple(IDS[1:5]))
    assert prune_releases(home, 3) == IDS[1:5]


def test_mounted_files_and_secrets_are_kept_with_their_release(home: Home) -> None:
    _deployed(home, *IDS[:3])
    write_release(home, IDS[1], mounted=["bb"], addresses={"SECRET_KEY_999": "b2"})
    write_release(home, IDS[2], mounted=["bb", "cc"], addresses={"SECRET_KEY_999": "c3"})
    for name in ("aa", "bb", "cc"):
        write_text(home.files / name / "app.toml", name)
    for address in ("a1", "b2", "c3"):
        write_text(home.path / "secrets/999" / f"key.{address}", address)
    write_text(home.path / "secrets/generated/key", "the only copy")
    prune_releases(home, 2)
    assert tree(home.files) == ["bb/app.toml", "cc/app.toml"]
    assert tree(home.path / "secrets") == ["999/key.b2", "999/key.c3", "generated/key"]


def test_an_incomplete_release_does_not_disturb(home: Home) -> None:
    _deployed(home, *IDS[:2])
    write_text(home.release(IDS[0]) / "manifest.json", "{")
    assert prune_releases(home, 2) == []


def test_stray_files_do_not_disturb(home: Home) -> None:
    _deployed(home, *IDS[:3])
    for folder in (home.releases, home.files, home.edge / "versions"):
        write_text(folder / "notes.txt", "")
    assert prune_releases(home, 2) == [IDS[0]]
    configuration.prune_versions(home)
    assert (home.releases / "notes.txt").is_file()
