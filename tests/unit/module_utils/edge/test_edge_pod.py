"""Who stops for whom where an edge and its pod are replaced, and whose answers count as proof."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.on_host import container, lay_down, spec

POD = spec(**{"class": "pod", "ports": ["80:8080"], "start_seconds": 0.0})
IN_POD = spec(edge=True, pod="edge-pod", drain_seconds=0.0)
ALONE = {"services": {"edge": spec(edge=True, ports=["80:8080"], drain_seconds=0.0)}}
WITH_POD = {"services": {"edge-pod": POD, "edge": IN_POD}}


class Engine:
    """An engine that does what it is told to the containers it has; what it was told is in `commands`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there: dict[str, Container] = {}
        self.commands: list[list[str]] = []
        self.made: list[Container] = []
        self.reloads = 0
        monkeypatch.setattr(docker, "containers", lambda _project, _services=None: list(self.there.values()))
        monkeypatch.setattr(docker, "run", self._run)
        monkeypatch.setattr(container_exec, "execute", lambda one, command: self._run(["exec", one, *command]))
        monkeypatch.setattr(container_exec, "send_sighup", lambda one: self._run(["hang up", one]))
        monkeypatch.setattr(container_exec, "processes", lambda _id: {self.reloads + 100: "nginx: worker process"})

    def add(self, *containers: Container) -> None:
        self.there.update({one.id: one for one in containers})

    def _run(self, arguments: list[str], cwd: str | None = None, timeout: float | None = None) -> str:
        self.commands.append(arguments)
        self.reloads += "hang up" in arguments
        if "--no-start" in arguments:
            self.add(*self.made)
        states = {"stop": "exited", "start": "running"}
        for one in [one for one in self.there.values() if one.id in arguments]:
            if arguments[0] == "rm":
                del self.there[one.id]
            elif arguments[0] in states:
                self.there[one.id] = replace(one, state=states[arguments[0]])
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


@pytest.mark.parametrize(
    ("actions", "releases", "gone"),
    [
        # The pod stays: the port is whose it was.
        ({"edge": "start", "edge-pod": "unchanged"}, (WITH_POD, WITH_POD), ["edge1"]),
        ({"edge": "recreate", "edge-pod": "recreate"}, (WITH_POD, WITH_POD), ["edge1", "edge-pod1"]),
        ({"edge": "recreate", "edge-pod": "create"}, (ALONE, WITH_POD), ["edge1"]),
        ({"edge": "recreate", "edge-pod": "remove"}, (WITH_POD, ALONE), ["edge1", "edge-pod1"]),
        ({"edge": "create", "edge-pod": "create"}, (None, WITH_POD), []),
    ],
)
def test_requests_in_flight_end_before_their_network_does(
    engine: Engine, actions: dict[str, str], releases: Any, gone: list[str]
) -> None:
    names = {name for manifest in releases[:1] if manifest for name in manifest["services"]}
    configuration.remove_proxies(actions, releases, {name: [container(name)] for name in names})
    commands = [[["stop", one], ["rm", "--force", "--volumes", one]] for one in gone]
    assert engine.commands == [command for pair in commands for command in pair]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.state.mkdir()
    for name in ("v1", "v2"):
        (home.edge / "versions" / name).mkdir(parents=True)
    configuration.set_live(home, "v2")
    return home


def _taken_back(
    home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch, releases: tuple[Any, Any], **tx: Any
) -> str:
    """Take a rollout from one release to another back that had switched, and return the sentence that it ends with."""
    for release, manifest in zip(("r1", "r2"), releases, strict=True):
        lay_down(home, release, upstreams=[], **manifest)
    monkeypatch.setattr(
        configuration,
        "apply",
        lambda *given: engine.commands.append(["exchange", *_ids(given[2]["edge"]), given[3]]),
    )
    journal = Journal(home.journal, "r2")
    transaction = Transaction("r2", "r1", "ada", phase="switching", edge_before="v1", **tx)
    return revert(home, transaction, ProjectContainers("shop", journal), journal)


def _ids(containers: list[Container]) -> list[str]:
    return [one.id for one in containers]


def test_a_new_nginx_stops_before_the_old_one_gets_its_configuration_back(
    home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.add(container("edge-pod", health=None), container("edge", 1), container("edge", 2))
    plan = {"edge-pod": "unchanged", "edge": "roll"}
    old = {"edge-pod": ["edge-pod1"], "edge": ["edge1"]}
    said = _taken_back(home, engine, monkeypatch, (WITH_POD, WITH_POD), plan=plan, old=old)
    assert said == "Release r1 serves on"
    done = engine.commands
    # It had left the port to the new one, which goes only once somebody is there again.
    assert done[0][:2] == ["exec", "edge1"]
    assert "listen.conf" in done[0][-1]
    assert done[1] == ["hang up", "edge1"]
    assert done[2:] == [
        ["stop", "edge2"],
        ["exchange", "edge1", "v1"],
        ["stop", "edge2"],
        ["rm", "--force", "--volumes", "edge2"],
    ]


def test_a_new_pod_gives_the_port_back_to_an_edge_alone(
    home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.add(container("edge-pod", health=None), container("edge", 2))
    engine.made = [container("edge", 3, state="created")]
    plan = {"edge-pod": "create", "edge": "recreate"}
    said = _taken_back(home, engine, monkeypatch, (ALONE, WITH_POD), plan=plan, old={"edge": ["edge1"]})
    assert said == "Release r1 serves on"
    remove = ["rm", "--force", "--volumes"]
    assert engine.commands[:4] == [["stop", "edge2"], [*remove, "edge2"], ["stop", "edge-pod1"], [*remove, "edge-pod1"]]
    assert engine.commands[4][-2:] == ["--scale=edge=1", "edge"]
    assert engine.commands[5:] == [
        ["start", "edge3"],
        ["exchange", "edge3", "v1"],
    ]
    assert configuration.live_version(home) == "v1"
