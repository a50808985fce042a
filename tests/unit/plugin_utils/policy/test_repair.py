"""Repairs in the text itself: what was meant is there, everything else is as it was."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import cli, repair
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source import parse

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
REPAIRED = """\
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
    repaired, done = repair.repair(TEXT)
    assert repaired == REPAIRED
    assert [line.split(":")[0] for line in done] == ["2", "7", "8", "9", "10", "11", "11", "16"]
    assert repair.repair(repaired) == (repaired, [])


def test_line_ends_stay() -> None:
    repaired, _ = repair.repair(TEXT.replace("\n", "\r\n"))
    assert repaired == REPAIRED.replace("\n", "\r\n")


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_what_is_repaired_is_not_found_again_and_nothing_else_is_lost(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    repaired, done = repair.repair(text)
    assert parse(repaired, path.name)
    before, after = reviewed(text), reviewed(repaired)
    fixed = {(one.rule, one.service) for one in before.findings} - {(one.rule, one.service) for one in after.findings}
    assert {rule for rule, _ in fixed} <= set(repair.RULES)
    assert len(after.findings) <= len(before.findings)
    assert bool(fixed) <= bool(done)
    comments = [line for line in text.splitlines() if line.strip().startswith("#")]
    lost = [line[2:] for line in difflib.ndiff(text.splitlines(), repaired.splitlines()) if line.startswith("- ")]
    assert [line for line in lost if line in comments] == []


def test_the_command_line_repairs_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert cli.main([str(path), "--fix"]) == 1
    assert path.read_text(encoding="utf-8") == REPAIRED
    assert f"{path}:2: SLP140 removed version" in capsys.readouterr().out
