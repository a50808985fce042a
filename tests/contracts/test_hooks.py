"""The server runs the hooks that real Compose reads: the same words, users and variables."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import command_words

from tests.support import real_compose
from tests.support.compose_projects import release_of, write

_COMMANDS = 500
_CHARACTERS = "ab 1'\"\\;&|<>#\t=nt-"
_PROJECT = """\
name: shop
services:
  web:
    image: registry.example.com/web:1
    post_start:
      - {command: "chown -R 1000 '/my $$data' && echo never", user: root, privileged: "true"}
      - {command: [sh, -c, "echo $$HOME > /x"], working_dir: /srv, environment: [A=1, "B=$$x", C]}
    pre_stop: [{command: "./flush.sh --all", environment: {D: true, E: 2, F: , G: ""}}]
"""


def _split(text: str) -> list[str] | None:
    try:
        return command_words.split(text)
    except ValueError:
        return None


def _read(suite: str, folder: Path, commands: list[str]) -> list[list[str]]:
    hooks = [{"command": command.replace("$", "$$")} for command in commands]
    write(folder, {"compose.yaml": json.dumps({"services": {"web": {"image": "a:1", "pre_stop": hooks}}})})
    read = real_compose.config(suite, folder, "-p", "x")["services"]["web"]["pre_stop"]
    return [hook.get("command") or [] for hook in read]


@pytest.mark.parametrize("suite", real_compose.SUITES)
def test_commands_are_split_as_compose_splits_them(suite: str, tmp_path: Path) -> None:
    chosen = random.Random(1)
    texts = ["".join(chosen.choices(_CHARACTERS, k=chosen.randint(1, 14))) for _ in range(_COMMANDS)]
    accepted = [text for text in texts if _split(text) is not None]
    assert len(accepted) > _COMMANDS / 2
    assert _read(suite, tmp_path, accepted) == [_split(text) for text in accepted]
    for text in [text for text in texts if _split(text) is None][:10]:
        with pytest.raises(AssertionError, match="invalid command line string"):
            _read(suite, tmp_path, [text])


@pytest.mark.parametrize("suite", real_compose.SUITES)
def test_the_release_has_the_hooks_of_the_project(suite: str, tmp_path: Path) -> None:
    release = release_of(_PROJECT, write(tmp_path / "project", {}), root=str(tmp_path / "server"))
    original = real_compose.config(suite, tmp_path / "project")["services"]["web"]
    read = real_compose.config(suite, real_compose.write_release(release))["services"]["web"]
    for key in ("post_start", "pre_stop"):
        assert read[key] == original[key]
        assert [_as_compose_shows_it(hook) for hook in release.services["web"][key]] == original[key]


def _as_compose_shows_it(hook: dict[str, Any]) -> dict[str, Any]:
    pairs = [pair.partition("=") for pair in hook["environment"]]
    environment = {name: value if equals else None for name, equals, value in pairs}
    return {key: value for key, value in {**hook, "environment": environment}.items() if value}


def test_both_versions_refuse_pre_start(tmp_path: Path) -> None:
    """If one accepts it, the refusal in compose_files has to be looked at again."""
    write(tmp_path, {"compose.yaml": "services: {web: {image: 'a:1', pre_start: [{command: x}]}}\n"})
    for suite in real_compose.SUITES:
        with pytest.raises(AssertionError, match="pre_start"):
            real_compose.config(suite, tmp_path, "-p", "x")
