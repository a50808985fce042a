from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts import artefact, artefact_check, sanity


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "checkout"
    (root / "folder").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    (root / ".gitignore").write_text("*.log\n")
    (root / "folder/kept.txt").write_text("kept")
    (root / "folder/left.log").write_text("left")
    (root / "link").symlink_to("folder/kept.txt")
    monkeypatch.setattr(artefact, "ROOT", root)
    return root


def test_what_git_ignores_is_not_copied(checkout: Path, tmp_path: Path) -> None:
    artefact.copy(tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").rglob("*")) == [".gitignore", "folder", "kept.txt", "link"]


def test_a_link_stays_a_link(checkout: Path, tmp_path: Path) -> None:
    artefact.copy(tmp_path / "copy", "link")
    assert (tmp_path / "copy/link").is_symlink()


def test_a_file_that_is_gone_is_not_copied(checkout: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)
    (checkout / "folder/kept.txt").unlink()
    artefact.copy(tmp_path / "copy", "folder")
    assert not (tmp_path / "copy").exists()


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("echo Importing", True),
        ("echo 'WARNING: no role metadata found'", False),
        ("echo plugins/modules/edge.py:0:0: no description >&2", False),
        ("exit 3", False),
    ],
)
def test_a_warning_counts_as_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, passed: bool
) -> None:
    monkeypatch.setattr(artefact_check, "CACHE", tmp_path)
    _program(tmp_path / "bin/tool", text)
    assert artefact_check.check("tool", ["tool"], tmp_path / "bin", tmp_path) is passed


@pytest.mark.parametrize(
    ("text", "passed", "told"),
    [
        ("echo 'Running sanity test \"compile\"'", True, "clean, 1 tests"),
        ("echo 'WARNING: Skipping sanity test \"compile\" because'; exit 0", True, "Skipping sanity test"),
        ("echo 'ERROR: plugins/modules/edge.py:1:1: bad'; exit 1", False, "ERROR: plugins/modules/edge.py:1:1: bad"),
    ],
)
def test_sanity_tells_what_failed_and_what_was_skipped(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    passed: bool,
    told: str,
) -> None:
    monkeypatch.setattr(sanity, "FILES", tmp_path)
    monkeypatch.setattr(sanity, "_environment", lambda programs: None)
    _program(tmp_path / "bin/python", "echo 2.19.0")
    _program(tmp_path / "bin/ansible-test", text)
    assert sanity.test(tmp_path / "bin", whole=True) is passed
    assert told in capsys.readouterr().out
