"""The record of an unfinished rotation, and what is said about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import rotation
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.rotation import Rotation


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.make_directories()
    return home


def test_without_a_rotation_nothing_is_unfinished(home: Home) -> None:
    assert rotation.read(home).value is None
    assert rotation.unfinished(home) == ""


def test_a_rotation_is_read_as_it_was_written_and_only_by_root(home: Home) -> None:
    written = Rotation("key", "me", "r1", releases={"new": "r2"})
    written.save(home)
    assert rotation.read(home).value == written
    assert home.rotation.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("finish", "variables"), [(False, "-e secret=key"), (True, "-e secret=key -e rotate_finish=true")]
)
def test_what_completes_it_is_named(home: Home, finish: bool, variables: str) -> None:
    Rotation("key", "me", "r1", finish=finish).save(home)
    assert rotation.unfinished(home).endswith(f"playbooks/rotate_secret.yml {variables}")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"secret": "key"}', json.dumps({"format": 1, "secret": "k", "phase": "x"})]
)
def test_a_damaged_record_is_named_with_what_to_do(home: Home, content: str) -> None:
    home.rotation.write_text(content)
    assert str(home.rotation) in rotation.unfinished(home)
    assert "rotate the secret again" in rotation.unfinished(home)
