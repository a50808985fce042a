"""Which containers the edge sends requests to during a rollout, and how it is brought there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout import proxy_switch
from ansible_collections.slipway.stack.plugins.module_utils.rollout.proxy_switch import EdgeSwitch
from ansible_collections.slipway.stack.plugins.module_utils.rollout.selection import Selection
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import container, spec, write_release

SERVICES = {
    "web": spec(),
    "bot": spec(**{"class": "singleton"}),
    "edge-pod": spec(**{"class": "pod", "ports": ["80:8080"]}),
    "edge": spec(edge=True, pod="edge-pod"),
}
UPSTREAMS = [{"service": "web"}, {"service": "bot"}]


class Edge:
    """A fake edge: `calls` has what was done, `targets` the containers of the last configuration."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = Home(str(folder))
        self.home.state.mkdir()
        write_release(self.home, "r1", services=SERVICES)
        self.calls: list[Any] = []
        self.targets: dict[str, list[str]] = {}
        self.existing = [container(name) for name in SERVICES] + [container("web", 2)]
        monkeypatch.setattr(docker, "containers", lambda _project, _services=None: self.existing)
        monkeypatch.setattr(configuration, "render", lambda _home, _manifest, targets: targets)
        monkeypatch.setattr(configuration, "write_version", self._write_version)
        monkeypatch.setattr(configuration, "live_version", lambda _home: "live")
        monkeypatch.setattr(configuration, "apply", self._apply)
        monkeypatch.setattr(proxy_switch, "confirm", lambda _manifest: self.calls.append("confirm"))
        monkeypatch.setattr(proxy_switch, "replace_proxy", lambda *_arguments: self.calls.append("replace"))

    def switch(self, **actions: str) -> EdgeSwitch:
        plan = {**dict.fromkeys(SERVICES, "unchanged"), **{key.replace("_", "-"): one for key, one in actions.items()}}
        tx = Transaction("r2", "r1", "ada@laptop", plan=plan, old={name: [f"{name}1"] for name in SERVICES})
        journal = Journal(self.home.journal, "r2")
        containers = ProjectContainers("shop", journal)
        manifest = {"release": "r2", "stack": "shop", "services": SERVICES, "upstreams": UPSTREAMS}
        return EdgeSwitch(self.home, manifest, tx, Selection(SERVICES, tx, containers), containers, journal)

    def _write_version(self, _home: Home, targets: dict[str, list[str]]) -> str:
        self.targets = targets
        return "live" if targets["web"] == ["shop-web-1", "shop-web-2"] else "new"

    def _apply(self, *arguments: Any) -> None:
        replaced: list[Container] = arguments[5] if len(arguments) > 5 else []
        self.calls.append((arguments[3], [one.id for one in replaced]))


@pytest.fixture
def edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edge:
    return Edge(tmp_path, monkeypatch)


def test_requests_go_to_new_containers_and_to_old_ones_of_services_that_stop_first(edge: Edge) -> None:
    edge.switch(web="roll", bot="recreate").switch()
    assert edge.targets["web"] == ["shop-web-2"]
    assert edge.targets["bot"] == ["shop-bot-1"]
    assert edge.calls == [("new", [])]


def test_an_edge_that_rolls_hands_over_to_the_new_one(edge: Edge) -> None:
    edge.existing.append(container("edge", 2))
    edge.switch(web="roll", edge="roll").switch()
    assert edge.calls == [("new", ["edge1"])]


def test_an_edge_that_cannot_roll_is_replaced_and_confirmed(edge: Edge) -> None:
    edge.switch(web="roll", edge="recreate", edge_pod="recreate").switch()
    assert edge.calls == ["replace", "confirm"]


def test_an_unchanged_configuration_is_only_confirmed(edge: Edge) -> None:
    edge.switch().switch()
    assert edge.calls == ["confirm"]


@pytest.mark.parametrize(("actions", "calls"), [({"web": "roll"}, []), ({"web": "roll", "bot": "roll"}, [("new", [])])])
def test_upstreams_are_updated_only_for_services_replaced_after_the_switch(
    edge: Edge, actions: dict[str, str], calls: list[Any]
) -> None:
    edge.switch(**actions).update_upstreams()
    assert edge.calls == calls


def test_an_edge_that_is_restarted_alone_hands_over_with_the_same_configuration(edge: Edge) -> None:
    """Without it, nobody would tell the old edge to stop accepting before it is stopped."""
    edge.existing.append(container("edge", 2))
    edge.switch(edge="roll").switch()
    assert edge.calls == [("live", ["edge1"])]
