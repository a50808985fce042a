"""What is taken back of a stack that was never live: all containers, its database's too; data stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils import docker
from ansible_collections.slipway.stack.plugins.module_utils.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.running import Running
from ansible_collections.slipway.stack.plugins.module_utils.takeback import take_back
from ansible_collections.slipway.stack.plugins.module_utils.transaction import Transaction

from tests.support.on_host import container, facts, lay_down


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that the engine was given; it runs a web server and a database."""
    containers: list[Container] = [container("web"), container("db")]
    commands: list[list[str]] = []
    monkeypatch.setattr(docker, "containers", lambda _project: containers)
    monkeypatch.setattr(docker, "run", lambda arguments, **_: commands.append(arguments))
    return commands


def test_a_first_deploy_leaves_no_container(tmp_path: Path, engine: list[list[str]]) -> None:
    home = Home(str(tmp_path))
    services = {"web": facts(), "db": facts(**{"class": "stateful"})}
    lay_down(home, "r1", services=services)
    tx = Transaction("r1", None, "ada@laptop")
    tx.save(home.transaction)
    journal = Journal(home.journal, "r1")
    assert take_back(home, tx, Running("shop", journal), journal).startswith("There was no release before")
    # Stopped first: a database has something to write down.
    assert engine == [["stop", "web1", "db1"], ["rm", "--force", "--volumes", "web1", "db1"]]
    assert not home.transaction.exists()
