from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.images.git_revision import revision


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a working copy with the folders `a` and `b`, all of it committed."""
    _git(tmp_path, "init", "--quiet")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("1\n")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--message=first")
    return tmp_path


def test_the_revision_is_the_last_commit_that_changed_the_folder(copy: Path) -> None:
    first = _git(copy, "rev-parse", "HEAD")[:12]
    (copy / "b/file").write_text("2\n")
    _git(copy, "commit", "--quiet", "--all", "--message=second")
    assert revision(copy / "a") == first
    assert revision(copy / "b") == _git(copy, "rev-parse", "HEAD")[:12]


def test_uncommitted_changes_in_the_folder_make_it_dirty(copy: Path) -> None:
    first = _git(copy, "rev-parse", "HEAD")[:12]
    (copy / "a/file").write_text("2\n")
    (copy / "b/new").write_text("1\n")
    assert revision(copy / "a") == f"{first}-dirty"
    assert revision(copy / "b") == f"{first}-dirty"
    assert revision(copy) == f"{first}-dirty"
    (copy / "b/new").unlink()
    assert revision(copy / "b") == first


def test_a_folder_without_a_commit_has_no_revision(copy: Path) -> None:
    (copy / "c").mkdir()
    (copy / "c/file").write_text("1\n")
    assert revision(copy / "c") == ""


def test_a_folder_outside_a_working_copy_has_no_revision(tmp_path: Path) -> None:
    assert revision(tmp_path) == ""


def test_without_git_there_is_no_revision(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(copy / "a"))
    assert revision(copy / "a") == ""
