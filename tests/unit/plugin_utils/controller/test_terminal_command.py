"""The command line for a terminal of one's own: a shell must read it back as it was meant."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.terminal_command import over_ssh

WORDS = ["docker", "compose", "run", "backend", "sh", "-c", "echo \"$HOME\" 'x y'"]


@pytest.mark.parametrize(
    ("login", "start"),
    [
        ({"host": "app1"}, ["ssh", "-t", "app1"]),
        ({"host": "app1", "user": "deploy", "port": 22}, ["ssh", "-t", "deploy@app1"]),
        (
            {"host": "app1", "user": "deploy", "port": "2222", "key": "/my keys/id"},
            ["ssh", "-t", "-p", "2222", "-i", "/my keys/id", "deploy@app1"],
        ),
    ],
)
def test_the_login_is_that_of_ansible(login: dict[str, Any], start: list[str]) -> None:
    assert shlex.split(over_ssh(WORDS, "/opt/stacks/shop", login, as_root=False))[:-1] == start


def test_the_command_survives_three_shells() -> None:
    remote = shlex.split(over_ssh(WORDS, "/opt/my stacks/shop", {"host": "app1"}, as_root=True))[-1]
    sudo, shell, option, script = shlex.split(remote)
    assert (sudo, shell, option) == ("sudo", "sh", "-c")
    assert shlex.split(script) == ["cd", "/opt/my stacks/shop", "&&", "exec", *WORDS]
