"""The revert of a rollout: which containers are removed, restored and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import by_service
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import drift
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import container, spec, write_release


class Engine:
    """A fake engine with containers. It removes containers and records its commands."""

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


def _revert(home: Home, tx: Transaction) -> str:
    tx.save(home.transaction)
    journal = Journal(home.journal, tx.release)
    return revert(home, tx, ProjectContainers("shop", journal), journal)


def test_a_reverted_first_deploy_leaves_no_container(tmp_path: Path, engine: Engine) -> None:
    home = Home(str(tmp_path))
    write_release(home, "r1", services={"web": spec(), "db": spec(**{"class": "stateful"})})
    engine.containers = [container("web"), container("db")]
    assert _revert(home, Transaction("r1", None, "ada@laptop")).startswith("There is no previous release")
    # Containers stop first, so that a database can write its data.
    assert engine.commands == [["stop", "web1", "db1"], ["rm", "--force", "--volumes", "web1", "db1"]]
    assert not home.transaction.exists()


ONESHOT = {"class": "oneshot", "start_seconds": 0.0}


@pytest.mark.parametrize(
    "state",
    [{"state": "exited", "exit_code": 1}, {"state": "exited"}, {"state": "running"}],
    ids=["failed", "completed", "running"],
)
@pytest.mark.parametrize("existing", [["migrate1"], []], ids=["replaced", "new"])
def test_the_one_shot_of_the_new_release_is_removed(
    tmp_path: Path, engine: Engine, state: dict[str, object], existing: list[str]
) -> None:
    """Compose has replaced the old container. It had completed, so it does not run again."""
    home = Home(str(tmp_path))
    services = {"web": spec(), "migrate": spec(**ONESHOT)}
    write_release(home, "r1", services=services)
    write_release(home, "r2", services=services)
    engine.containers = [container("web", 1), container("web", 2), container("migrate", 2, health=None, **state)]
    old = {"web": ["web1"], "migrate": existing}
    tx = Transaction("r2", "r1", "ada@laptop", plan={"web": "roll", "migrate": "roll"}, old=old)
    assert _revert(home, tx) == "Release r1 keeps serving"
    assert engine.commands == [["stop", "web2", "migrate2"], ["rm", "--force", "--volumes", "web2", "migrate2"]]
    # The live release is not broken by it.
    verification = verify(home, home.manifest("r1") or {}, 0.0, lambda: by_service(engine.containers))
    assert verification.problems == []
    assert drift(home.manifest("r1") or {}, by_service(engine.containers)) == []


def test_the_one_shot_of_the_previous_release_is_kept(tmp_path: Path, engine: Engine) -> None:
    home = Home(str(tmp_path))
    services = {"web": spec(), "migrate": spec(**ONESHOT)}
    write_release(home, "r1", services=services)
    write_release(home, "r2", services=services)
    engine.containers = [container("web"), container("migrate", state="exited", health=None)]
    old = {"web": ["web1"], "migrate": ["migrate1"]}
    tx = Transaction("r2", "r1", "ada@laptop", plan={"web": "roll", "migrate": "unchanged"}, old=old)
    assert _revert(home, tx) == "Release r1 keeps serving"
    assert engine.commands == []


def test_a_service_that_ran_once_before_does_not_run_again_at_a_revert(tmp_path: Path, engine: Engine) -> None:
    """In the new release it is a service that is replaced in place."""
    home = Home(str(tmp_path))
    write_release(home, "r1", services={"job": spec(**ONESHOT)})
    write_release(home, "r2", services={"job": spec(ports=["80:8000"])})
    engine.containers = [container("job", 2)]
    tx = Transaction("r2", "r1", "ada@laptop", plan={"job": "recreate"}, old={"job": ["job1"]})
    assert _revert(home, tx) == "Release r1 keeps serving"
    assert engine.commands == [["stop", "job2"], ["rm", "--force", "--volumes", "job2"]]


def test_a_rolling_service_that_was_replaced_in_place_is_restored(tmp_path: Path, engine: Engine) -> None:
    """The new definition publishes a port, so Compose replaced the old container in place."""
    home = Home(str(tmp_path))
    write_release(home, "r1", services={"web": spec(), "api": spec()})
    write_release(home, "r2", services={"web": spec(ports=["80:8000"]), "api": spec(ports=["81:8000"])})
    # The container of the api has not been replaced yet.
    engine.containers = [container("web", 2), container("api")]
    plan = {"web": "recreate", "api": "recreate"}
    tx = Transaction("r2", "r1", "ada@laptop", plan=plan, old={"web": ["web1"], "api": ["api1"]})
    assert _revert(home, tx) == "Release r1 keeps serving"
    assert engine.commands == [["compose", "up", "--no-build", "--pull", "never", "--no-deps", "--detach", "web"]]


def test_one_off_containers_of_a_person_are_kept(tmp_path: Path, engine: Engine) -> None:
    home = Home(str(tmp_path))
    services = {"web": spec(release="web-release")}
    write_release(home, "r1", services=services)
    write_release(home, "r2", services=services)
    engine.containers = [
        container("web"),
        container("web-release", 7, oneoff=True),
        container("web", 8, oneoff=True),
    ]
    tx = Transaction("r2", "r1", "ada@laptop", plan={"web": "roll"}, old={"web": ["web1"]})
    assert _revert(home, tx) == "Release r1 keeps serving"
    # A migration gets its time to end cleanly.
    assert engine.commands == [["stop", "web-release7"], ["rm", "--force", "--volumes", "web-release7"]]
