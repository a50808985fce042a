"""The order in which an edge and its pod are stopped and started when they are replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, proxy_replacement
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import container, spec, write_release

POD = spec(**{"class": "pod", "ports": ["80:8080"], "start_seconds": 0.0})
IN_POD = spec(edge=True, pod="edge-pod", drain_seconds=0.0)
WITHOUT_POD = {"services": {"edge": spec(edge=True, ports=["80:8080"], drain_seconds=0.0)}}
WITH_POD = {"services": {"edge-pod": POD, "edge": IN_POD}}


class Engine:
    """A fake engine with containers. It executes commands and records them in `commands`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.existing: dict[str, Container] = {}
        self.commands: list[list[str]] = []
        #: The containers that Compose creates.
        self.to_create: list[Container] = []
        self.reloads = 0
        monkeypatch.setattr(docker, "containers", lambda _project, _services=None: list(self.existing.values()))
        monkeypatch.setattr(docker, "run", self._run)
        monkeypatch.setattr(container_exec, "execute", lambda one, command: self._run(["exec", one, *command]))
        monkeypatch.setattr(container_exec, "send_sighup", lambda one: self._run(["SIGHUP", one]))
        monkeypatch.setattr(container_exec, "processes", lambda _id: {self.reloads + 100: "nginx: worker process"})

    def add(self, *containers: Container) -> None:
        self.existing.update({one.id: one for one in containers})

    def _run(self, arguments: list[str], cwd: str | None = None, timeout: float | None = None) -> str:
        self.commands.append(arguments)
        self.reloads += "SIGHUP" in arguments
        if "--no-start" in arguments:
            self.add(*self.to_create)
        states = {"stop": "exited", "start": "running"}
        for one in [one for one in self.existing.values() if one.id in arguments]:
            if arguments[0] == "rm":
                del self.existing[one.id]
            elif arguments[0] in states:
                self.existing[one.id] = replace(one, state=states[arguments[0]])
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


@pytest.mark.parametrize(
    ("actions", "releases", "removed"),
    [
        # The pod does not change and keeps the port.
        ({"edge": "start", "edge-pod": "unchanged"}, (WITH_POD, WITH_POD), ["edge1"]),
        ({"edge": "recreate", "edge-pod": "recreate"}, (WITH_POD, WITH_POD), ["edge1", "edge-pod1"]),
        ({"edge": "recreate", "edge-pod": "create"}, (WITHOUT_POD, WITH_POD), ["edge1"]),
        ({"edge": "recreate", "edge-pod": "remove"}, (WITH_POD, WITHOUT_POD), ["edge1", "edge-pod1"]),
        ({"edge": "create", "edge-pod": "create"}, (None, WITH_POD), []),
    ],
)
def test_the_proxy_is_stopped_and_removed_before_its_pod(
    engine: Engine, actions: dict[str, str], releases: Any, removed: list[str]
) -> None:
    names = {name for manifest in releases[:1] if manifest for name in manifest["services"]}
    proxy_replacement.remove_proxies(actions, releases, {name: [container(name)] for name in names})
    commands = [[["stop", one], ["rm", "--force", "--volumes", one]] for one in removed]
    assert engine.commands == [command for pair in commands for command in pair]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.state.mkdir()
    for name in ("v1", "v2"):
        (home.edge / "versions" / name).mkdir(parents=True)
    configuration.set_live(home, "v2")
    return home


def _revert(home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch, releases: tuple[Any, Any], **tx: Any) -> str:
    """Revert a rollout between two releases that was switching, and return the outcome."""
    for release, manifest in zip(("r1", "r2"), releases, strict=True):
        write_release(home, release, upstreams=[], **manifest)
    monkeypatch.setattr(
        configuration,
        "restore",
        lambda *arguments: engine.commands.append(["restore", *_ids(arguments[2]["edge"]), arguments[3]]),
    )
    journal = Journal(home.journal, "r2")
    transaction = Transaction("r2", "r1", "ada", phase="switching", edge_before="v1", **tx)
    return revert(home, transaction, ProjectContainers("shop", journal), journal)


def _ids(containers: list[Container]) -> list[str]:
    return [one.id for one in containers]


def test_at_a_revert_the_new_nginx_stops_before_the_old_one_is_reconfigured(
    home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.add(container("edge-pod", health=None), container("edge", 1), container("edge", 2))
    plan = {"edge-pod": "unchanged", "edge": "roll"}
    old = {"edge-pod": ["edge-pod1"], "edge": ["edge1"]}
    outcome = _revert(home, engine, monkeypatch, (WITH_POD, WITH_POD), plan=plan, old=old)
    assert outcome == "Release r1 keeps serving"
    commands = engine.commands
    # The old one had stopped listening. It listens again before the new one stops.
    assert commands[0][:2] == ["exec", "edge1"]
    assert "listen.conf" in commands[0][-1]
    assert commands[1] == ["SIGHUP", "edge1"]
    assert commands[2:] == [
        ["stop", "edge2"],
        ["restore", "edge1", "v1"],
        ["stop", "edge2"],
        ["rm", "--force", "--volumes", "edge2"],
    ]


def test_at_a_revert_a_new_pod_is_replaced_by_the_old_edge_without_a_pod(
    home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.add(container("edge-pod", health=None), container("edge", 2))
    engine.to_create = [container("edge", 3, state="created")]
    plan = {"edge-pod": "create", "edge": "recreate"}
    outcome = _revert(home, engine, monkeypatch, (WITHOUT_POD, WITH_POD), plan=plan, old={"edge": ["edge1"]})
    assert outcome == "Release r1 keeps serving"
    remove = ["rm", "--force", "--volumes"]
    assert engine.commands[:4] == [["stop", "edge2"], [*remove, "edge2"], ["stop", "edge-pod1"], [*remove, "edge-pod1"]]
    assert engine.commands[4][-2:] == ["--scale=edge=1", "edge"]
    assert engine.commands[5:] == [
        ["start", "edge3"],
        ["restore", "edge3", "v1"],
    ]
    assert configuration.live_version(home) == "v1"
