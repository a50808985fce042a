"""Fixes in the text of a file: they change what is wrong and nothing else."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import parse
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import autofix, cli

from tests.support.policy_corpus import files
from tests.support.policy_review import reviewed

TEXT = """\
# Our stack.
version: "3.8"   # from long ago

services:
  web:   # the front
    image:   app:1      # pinned
    ports:
      - 22:22           # odd
      - 80:80
    depends_on: [db, cache]
    environment: { DEBUG:   no,  VERSION: 3.10 }
    logging: {driver: local}

  db:
    image: postgres:17
    security_opt: [ "no-new-privileges:true" ]
    healthcheck: { test: [ CMD, pg_isready ] }
    depends_on:
      # first
      - cache
  cache: {image: redis:8}
"""
FIXED = """\
# Our stack.

services:
  web:   # the front
    image:   app:1      # pinned
    security_opt: [no-new-privileges:true]
    ports:
      - "22:22"           # odd
      - "80:80"
    depends_on: {db: {condition: service_healthy}, cache: {condition: service_started}}
    environment: { DEBUG:   "no",  VERSION: "3.10" }
    logging: {driver: local}

  db:
    image: postgres:17
    logging: {driver: json-file, options: {max-size: "10m", max-file: "5"}}
    security_opt: [ "no-new-privileges:true" ]
    healthcheck: { test: [ CMD, pg_isready ] }
    depends_on:
      # first
      - cache
  cache: {image: redis:8}
"""


def test_only_what_is_wrong_changes() -> None:
    fixed, done = autofix.fix_text(TEXT)
    assert fixed == FIXED
    assert [line.split(":")[0] for line in done] == ["2", "7", "8", "9", "10", "11", "11", "16"]
    assert autofix.fix_text(fixed) == (fixed, [])


def test_line_ends_stay() -> None:
    fixed, _ = autofix.fix_text(TEXT.replace("\n", "\r\n"))
    assert fixed == FIXED.replace("\n", "\r\n")


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_fixed_findings_are_gone_and_no_comment_is_lost(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    fixed, done = autofix.fix_text(text)
    assert parse(fixed, path.name)
    before, after = reviewed(text), reviewed(fixed)
    gone = {(one.rule, one.service) for one in before.findings} - {(one.rule, one.service) for one in after.findings}
    assert {rule for rule, _ in gone} <= set(autofix.RULES)
    assert len(after.findings) <= len(before.findings)
    assert bool(gone) <= bool(done)
    comments = [line for line in text.splitlines() if line.strip().startswith("#")]
    lost = [line[2:] for line in difflib.ndiff(text.splitlines(), fixed.splitlines()) if line.startswith("- ")]
    assert [line for line in lost if line in comments] == []


def test_the_command_line_fixes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert cli.main([str(path), "--fix"]) == 1
    assert path.read_text(encoding="utf-8") == FIXED
    assert f"{path}:2: SLP140 removed version" in capsys.readouterr().out
