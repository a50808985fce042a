"""The files of a repository are read within limits: no links, no pipes, no endless walk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.project import chosen_files, given_values, tree
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree


def _write(folder: Path, *names: str) -> Tree:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("services: {web: {image: 'x:1'}}\n")
    return Tree(folder)


def test_links_and_pipes_are_no_files(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    os.mkfifo(root / "pipe")
    (root / "file").write_text("y")
    found = Tree(root)
    assert found.files == {"file"}
    assert found.text("link") == ""
    assert found.inside(Path("../outside/secret")) is None


def test_a_directory_of_others_and_a_deep_one_are_left_out(tmp_path: Path) -> None:
    deep = "/".join("abcdefghij")
    assert _write(tmp_path, "node_modules/a", ".git/b", f"{deep}/c", "d").files == {"d"}


def test_there_are_limits_for_entries_and_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "a", "b", "c")
    seconds = iter([0.0, *[21.0] * 9])
    with pytest.raises(ValueError, match=r"more than can be looked at \(takes 20 seconds\)"):
        Tree(tmp_path, lambda: next(seconds))
    monkeypatch.setattr(tree, "MAX_ENTRIES", 2)
    with pytest.raises(ValueError, match=r"more than can be looked at \(2 files\)"):
        Tree(tmp_path)


def test_a_large_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _write(tmp_path, "a")
    monkeypatch.setattr(tree, "MAX_BYTES", 3)
    assert found.text("a") == ""


@pytest.mark.parametrize(
    ("names", "files", "others"),
    [
        (["compose.yaml"], ["compose.yaml"], []),
        (["compose.yaml", "compose.override.yaml"], ["compose.yaml"], ["compose.override.yaml"]),
        (["docker-compose.local.yml", "docker-compose.prod.yml"], ["docker-compose.prod.yml"],
         ["docker-compose.local.yml"]),
        (["docker-compose.yml", "docker-compose.prod.yml"], ["docker-compose.prod.yml"], ["docker-compose.yml"]),
        (["deploy/compose.yml"], ["deploy/compose.yml"], []),
    ],
)  # fmt: skip
def test_files_of_production(tmp_path: Path, names: list[str], files: list[str], others: list[str]) -> None:
    found = chosen_files.choose(_write(tmp_path, *names), [])
    assert (list(found.files), list(found.others)) == (files, others)


def test_a_file_that_completes_another_one_is_merged_with_it(tmp_path: Path) -> None:
    _write(tmp_path, "compose.yaml")
    (tmp_path / "compose.production.yaml").write_text("services: {web: {restart: always}}\n")
    assert chosen_files.choose(Tree(tmp_path), []).files == ("compose.yaml", "compose.production.yaml")


def test_an_example_stands_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("# x\nA=1\n")
    found = given_values.of_file(Tree(tmp_path), ".env.production")
    assert (found["A"].text, found["A"].place, found["A"].is_example) == ("1", ".env.example:2", True)
    (tmp_path / ".env.production").write_text("A=2\n")
    found = given_values.of_file(Tree(tmp_path), ".env.production")
    assert (found["A"].text, found["A"].is_example) == ("2", False)
