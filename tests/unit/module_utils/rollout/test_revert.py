"""The way back: what is removed, what is left, what is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.on_host import container, lay_down, spec


class Engine:
    """Has containers, removes those that it is told to, and remembers its commands."""

    def __init__(self) -> None:
        self.containers: list[Container] = []
        self.commands: list[list[str]] = []

    def run(self, arguments: list[str], **_: object) -> str:
        self.commands.append(arguments)
        if arguments[0] == "rm":
            self.containers = [one for one in self.containers if one.id not in arguments]
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: engine.containers)
    monkeypatch.setattr(docker, "run", engine.run)
    return engine


def _take_back(home: Home, tx: Transaction) -> str:
    tx.save(home.transaction)
    journal = Journal(home.journal, tx.release)
    return revert(home, tx, ProjectContainers("shop", journal), journal)


def test_a_first_deploy_leaves_no_container(tmp_path: Path, engine: Engine) -> None:
    home = Home(str(tmp_path))
    lay_down(home, "r1", services={"web": spec(), "db": spec(**{"class": "stateful"})})
    engine.containers = [container("web"), container("db")]
    assert _take_back(home, Transaction("r1", None, "ada@laptop")).startswith("There was no release before")
    # Stopped first: a database has something to write down.
    assert engine.commands == [["stop", "web1", "db1"], ["rm", "--force", "--volumes", "web1", "db1"]]
    assert not home.transaction.exists()


def test_what_runs_once_is_left_as_it_is(tmp_path: Path, engine: Engine) -> None:
    """Compose has put the new one in the place of the old, which nobody gets back."""
    home = Home(str(tmp_path))
    services = {"web": spec(), "seed": spec(**{"class": "oneshot"})}
    lay_down(home, "r1", services=services)
    lay_down(home, "r2", services=services)
    engine.containers = [container("web", 1), container("web", 2), container("seed", 2, state="exited", exit_code=1)]
    old = {"web": ["web1"], "seed": ["seed1"]}
    tx = Transaction("r2", "r1", "ada@laptop", plan={"web": "roll", "seed": "roll"}, old=old)
    assert _take_back(home, tx) == "Release r1 keeps serving"
    assert engine.commands == [["stop", "web2"], ["rm", "--force", "--volumes", "web2"]]
    assert not home.transaction.exists()


def test_what_compose_has_replaced_comes_back_although_it_was_beside_before(tmp_path: Path, engine: Engine) -> None:
    """The new definition has a port of the host, so the new containers stand where the old ones were."""
    home = Home(str(tmp_path))
    lay_down(home, "r1", services={"web": spec(), "api": spec()})
    lay_down(home, "r2", services={"web": spec(ports=["80:8000"]), "api": spec(ports=["81:8000"])})
    # That of the api is still there: its turn had not come.
    engine.containers = [container("web", 2), container("api")]
    plan = {"web": "recreate", "api": "recreate"}
    tx = Transaction("r2", "r1", "ada@laptop", plan=plan, old={"web": ["web1"], "api": ["api1"]})
    assert _take_back(home, tx) == "Release r1 keeps serving"
    assert engine.commands == [["compose", "up", "--no-build", "--pull", "never", "--no-deps", "--detach", "web"]]


def test_what_a_person_runs_beside_goes_on(tmp_path: Path, engine: Engine) -> None:
    home = Home(str(tmp_path))
    services = {"web": spec(release="web-release")}
    lay_down(home, "r1", services=services)
    lay_down(home, "r2", services=services)
    engine.containers = [
        container("web"),
        container("web-release", 7, oneoff=True),
        container("web", 8, oneoff=True),
    ]
    tx = Transaction("r2", "r1", "ada@laptop", plan={"web": "roll"}, old={"web": ["web1"]})
    assert _take_back(home, tx) == "Release r1 keeps serving"
    assert engine.commands == [["rm", "--force", "--volumes", "web-release7"]]
