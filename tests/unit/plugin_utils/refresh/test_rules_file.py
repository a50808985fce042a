"""The rules file on disk: read within limits, and never overwritten by a proposal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh import rules_file
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh.rules import RulesError

from tests.unit.plugin_utils.refresh.test_rules import COLUMN


def written(folder: Path, text: str) -> Path:
    """Write a rules file."""
    path = folder / "refresh.yml"
    path.write_text(text)
    return path


def test_a_key_that_yaml_could_take_for_something_else_is_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, "tables: {public.users: {columns: {on: keep, no: null}}}")
    found = rules_file.read(path)["tables"]["public.users"]["columns"]
    assert found == {"on": {"rule": "keep"}, "no": {"rule": "null"}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has 0 documents; it must have one"),
        ("tables: {}\n---\ntables: {}", "it has 2 documents"),
        ("tables: [", "not YAML"),
        ("tables:\n  public.a: {rows: none}\n  public.a: {rows: none}", "'public.a' occurs twice"),
        ("tables: {public.a: {rows: few}}", "tables: public.a: rows is 'few'"),
    ],
)
def test_each_fault_names_the_file(text: str, reason: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RulesError) as raised:
        rules_file.read(path)
    assert str(path) in str(raised.value)
    assert reason in str(raised.value)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RulesError, match="is a pipe"):
        rules_file.read(tmp_path / "pipe")
    with pytest.raises(RulesError, match="cannot be read: No such file"):
        rules_file.read(tmp_path / "missing.yml")


def test_a_proposal_overwrites_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "reviewed")
    schema = [{"schema": "public", "name": "users", "columns": [COLUMN, {**COLUMN, "name": "note"}]}]
    with pytest.raises(RulesError, match="is not overwritten"):
        rules_file.propose(path, schema)
    assert path.read_text() == "reviewed"
    path.unlink()
    assert rules_file.propose(path, schema) == 1
    with pytest.raises(RulesError, match="did you mean email"):
        rules_file.read(written(tmp_path, path.read_text().replace("      email: email", "      email: mail")))
