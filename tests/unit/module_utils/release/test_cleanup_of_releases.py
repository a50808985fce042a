"""What a cleanup must not remove: files of other people, and a release that another play uploads."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.release import history
from ansible_collections.slipway.stack.plugins.module_utils.release.history import prune_releases
from ansible_collections.slipway.stack.plugins.module_utils.state import outcome, upload
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

from tests.support.fake_host import tree, write_release

IDS = [f"2026112{day}T101500Z-aaaaaaaa" for day in range(6)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def _make_live(home: Home, release_id: str) -> None:
    write_release(home, release_id)
    history.record_live(home, release_id, home.current_id())
    link(home.current, f"releases/{release_id}")


def test_only_what_an_upload_has_created_is_removed(home: Home) -> None:
    for release_id in IDS[:3]:
        _make_live(home, release_id)
    foreign = [
        home.releases / "backup-of-monday/compose.yaml",
        home.releases / "20200101T000000Z-00000000/notes.txt",
        home.files / "my-own/app.toml",
        home.path / "secrets/999/key.pem",
        home.path / "secrets/999/folder.of.mine/key",
        home.edge / "versions/mine/nginx.conf",
        home.edge / "versions/mine.bak/nginx.conf",
    ]
    ours = [home.releases / f".{IDS[5]}/compose.yaml", home.path / "secrets/999/tmpab12cd34"]
    for path in (*foreign, *ours):
        write_text(path, "")
    assert prune_releases(home, 1) == IDS[:2]
    configuration.prune_versions(home)
    assert [path for path in (*foreign, *ours) if path.exists()] == foreign


def test_a_release_that_was_uploaded_meanwhile_is_kept_with_its_files(home: Home) -> None:
    """Another play has uploaded it. It waits for the rollout of the live one to end."""
    _make_live(home, IDS[0])
    _make_live(home, IDS[1])
    write_release(home, IDS[2], mounted=["ee" * 32], addresses={"SECRET_KEY_999": "e5" * 8})
    write_text(home.files / ("ee" * 32) / "app.toml", "")
    write_text(home.path / "secrets/999" / f"key.{'e5' * 8}", "")
    assert prune_releases(home, 1) == [IDS[0]]
    assert (home.release_ids(), len(tree(home.files)), len(tree(home.path / "secrets"))) == (IDS[1:3], 1, 1)
    # Its rollout failed. The next one removes it.
    outcome.mark_failed(home, IDS[2])
    assert prune_releases(home, 1) == [IDS[2]]
    assert tree(home.files) == []


def test_nothing_is_removed_during_an_upload(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_UPLOAD_SECONDS", 0.0)
    _make_live(home, IDS[0])
    _make_live(home, IDS[1])
    write_text(home.files / ("ff" * 32) / "app.toml", "")
    with upload.lock(home) as locked:
        assert locked
        assert prune_releases(home, 1) == []
    assert (home.release_ids(), len(tree(home.files))) == (IDS[:2], 1)
    assert prune_releases(home, 1) == [IDS[0]]
    assert tree(home.files) == []
