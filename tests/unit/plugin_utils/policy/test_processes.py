"""What commands do over time: in scripts of a shell, behind programs that start others, and in very long texts."""

from __future__ import annotations

import time

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import processes, simple_commands

COMMANDS: list[tuple[list[str], list[list[str]]]] = [
    (["tini", "--", "gunicorn", "a"], [["gunicorn", "a"]]),
    (["bundle", "exec", "sidekiq"], [["sidekiq"]]),
    (["gosu", "app", "uv", "run", "--frozen", "celery"], [["celery"]]),
    (["sh", "-c", "A=1 x && exec y; z 2>&1 | w"], [["x"], ["y"], ["z", "2>&1"], ["w"]]),
    (["/bin/bash", "-e", "-uc", "echo 'a; b'\ny"], [["echo", "a; b"], ["y"]]),
    (["bash", "run.sh", "-c", "x"], [["bash", "run.sh", "-c", "x"]]),
    (["wait-for-it", "db:5432", "--", "x"], [["x"]]),
    (["sh", "-c", "echo 'open"], [["echo", "'open"]]),
    ([], []),
]


@pytest.mark.parametrize(("given", "commands"), COMMANDS, ids=[" ".join(case[0]) for case in COMMANDS])
def test_simple_commands_are_found(given: list[str], commands: list[list[str]]) -> None:
    assert simple_commands.simple_commands(given) == commands


@pytest.mark.parametrize("text", ["celery ", "'", "'\"", "rq -", "while ", "a;", "bot_", "x-", "\n", "((", "/"])
def test_a_very_long_command_takes_no_time(text: str) -> None:
    started = time.monotonic()
    for given in (["sh", "-c", text * 200_000], [text * 200_000], [text] * 200_000):
        processes.of_command(given)
    assert time.monotonic() - started < 5
