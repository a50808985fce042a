"""A stack that is stopped and started: in which order, what is on record, and what is refused meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout import stopping
from ansible_collections.slipway.stack.plugins.module_utils.state import damage, stopped
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link

from tests.support.fake_host import container, spec, write_release

SERVICES = {
    "db": {**spec(), "class": "stateful"},
    "migrate": {**spec(depends_on=["db"]), "class": "oneshot"},
    "backend": spec(depends_on=["db"]),
    "worker": {**spec(depends_on=["db"]), "class": "drain"},
    "edge-pod": {**spec(), "class": "pod"},
    "edge": spec(edge=True, pod="edge-pod", depends_on=["backend"]),
}


class _Engine:
    """The containers of the stack. ``log``: what was done, in order."""

    def __init__(self) -> None:
        self.containers = [container(name) for name in SERVICES]
        self.log: list[str] = []

    def set(self, ids: list[str], state: str) -> None:
        self.log.append(f"{state}: {', '.join(one.service for one in self.containers if one.id in ids)}")
        self.containers = [replace(one, state=state) if one.id in ids else one for one in self.containers]

    def stop(self, found: list[Container]) -> None:
        self.set([one.id for one in found], "exited")

    def start(self, containers: list[Container]) -> None:
        self.set([one.id for one in containers], "running")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.make_directories()
    services = {name: {**one, "follows": {}} for name, one in SERVICES.items()}
    write_release(home, "r1", services=services, upstreams=[])
    link(home.current, "releases/r1")
    return home


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> _Engine:
    engine = _Engine()
    monkeypatch.setattr(docker, "containers", lambda *_: engine.containers)
    monkeypatch.setattr(replicas, "stop", engine.stop)
    monkeypatch.setattr(replicas, "start", engine.start)
    monkeypatch.setattr(ProjectContainers, "wait", lambda _self, services, *_, **__: engine.log.append("up"))
    return engine


def _work(home: Home, enabled: bool, which: str = "all", closed: bool = False) -> None:
    lease, _name, work = stopping.begin(home, "ada", enabled, which, closed)
    work()
    lease.close_own_copy()


def test_services_stop_before_what_they_need_and_the_edge_goes_on(home: Home, engine: _Engine) -> None:
    _work(home, True)
    assert engine.log == ["exited: backend, worker", "exited: db"]
    assert {one.service for one in engine.containers if one.state == "running"} == {"migrate", "edge-pod", "edge"}


def test_services_start_after_what_they_need(home: Home, engine: _Engine) -> None:
    _work(home, True)
    engine.log.clear()
    _work(home, False)
    assert [line for line in engine.log if line != "up"] == ["running: db", "running: backend, worker"]
    assert engine.log.count("up") == 2
    assert stopped.read(home).value is None
    assert not home.stopped.exists()


def test_data_services_stop_last_also_if_they_are_asked_for_later(home: Home, engine: _Engine) -> None:
    _work(home, True, "others", closed=True)
    assert engine.log == ["exited: backend, worker"]
    found = stopped.read(home).value
    assert found is not None
    assert (found.owner, found.data, found.closed) == ("ada", False, True)
    assert not stopping.is_needed(home, True, "others")
    assert stopping.is_needed(home, True, "all")
    # The second part knows nothing of the edge.
    _work(home, True)
    later = stopped.read(home).value
    assert later is not None
    assert (later.data, later.closed, later.since) == (True, True, found.since)
    assert not stopping.is_needed(home, True, "all")


def test_data_services_start_first_and_the_stack_is_stopped_until_all_have(home: Home, engine: _Engine) -> None:
    _work(home, True)
    engine.log.clear()
    _work(home, False, "data")
    assert engine.log == ["running: db", "up"]
    assert stopped.obstacle(home).startswith("ada has stopped this stack at ")
    assert not stopping.is_needed(home, False, "data")
    assert stopping.is_needed(home, False, "all")


def test_a_stack_that_runs_need_not_be_started(home: Home, engine: _Engine) -> None:
    assert not stopping.is_needed(home, False, "all")
    assert not stopping.is_needed(home, False, "data")


def test_a_damaged_record_is_named_and_written_anew(home: Home, engine: _Engine) -> None:
    home.stopped.write_text("{")
    assert str(home.stopped) in stopped.obstacle(home)
    assert any(str(home.stopped) in problem for problem in damage.problems(home))
    assert stopping.is_needed(home, False, "all")
    _work(home, False)
    assert stopped.obstacle(home) == ""


def test_without_a_live_release_there_is_nothing_to_stop(tmp_path: Path) -> None:
    with pytest.raises(RolloutFailed, match="no release is live on this host"):
        stopping.begin(Home(str(tmp_path)), "ada", True, "all", False)
