from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import (
    ProjectContainers,
    start_groups,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

from tests.support.fake_host import FakeClock, container, spec


class _Engine:
    """Containers without a health check that start at once. One of them exits after some seconds."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock()
        self.crashes: dict[str, float] = {}
        self.health: str | None = None
        self.project = ProjectContainers("shop", Journal(folder / "journal.jsonl", "r1"), self.clock)
        self.started = self.clock.now()
        monkeypatch.setattr(docker, "containers", self._containers)
        monkeypatch.setattr(health_check, "last_lines", lambda *_: ["Traceback"])

    def passed(self) -> float:
        return round(self.clock.now() - self.started, 1)

    def _containers(self, _project: str, services: Any) -> list[Container]:
        return [self._container(name) for name in services or ("db", "web")]

    def _container(self, name: str) -> Container:
        uptime = self.passed() - self.crashes.get(name, 0.0)
        if name in self.crashes and uptime >= 0:
            return container(name, health=self.health, uptime=uptime, restarts=1, started_at="later")
        return container(name, health=self.health, uptime=self.passed())


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Engine:
    return _Engine(tmp_path, monkeypatch)


def test_services_without_a_health_check_settle_at_the_same_time(engine: _Engine) -> None:
    """One group starts after the other, and both together take the time of one."""
    for name in ("db", "web"):
        engine.project.wait({name: spec(start_seconds=10.0)}, "prepare", settled=False)
    assert engine.passed() == 0.0
    engine.project.wait_until_settled("prepare")
    assert engine.passed() == 10.0
    engine.project.wait_until_settled("switch")
    assert engine.passed() == 10.0


def test_after_a_wait_that_failed_nothing_else_is_watched(engine: _Engine) -> None:
    with pytest.raises(RolloutFailed):
        engine.project.wait({"db": spec(replicas=2, start_seconds=99.0), "web": spec(replicas=2)}, "revert")
    passed = engine.passed()
    engine.project.wait_until_settled("prepare")
    assert engine.passed() == passed


def test_a_service_that_exits_before_it_has_settled_fails_the_rollout(engine: _Engine) -> None:
    engine.crashes["db"] = 4.0
    for name in ("db", "web"):
        engine.project.wait({name: spec(start_seconds=10.0)}, "prepare", settled=False)
    with pytest.raises(RolloutFailed, match="service 'db': shop-db-1 was restarted once") as caught:
        engine.project.wait_until_settled("prepare")
    assert caught.value.detail == ("last log lines of shop-db-1:", "  Traceback")
    assert engine.passed() == 4.0


def test_healthy_services_have_nothing_to_wait_for(engine: _Engine, tmp_path: Path) -> None:
    engine.health = "healthy"
    engine.project.wait({"db": spec(), "web": spec()}, "prepare", settled=False)
    records = (tmp_path / "journal.jsonl").read_text()
    engine.project.wait_until_settled("prepare")
    assert engine.passed() == 0.0
    assert (tmp_path / "journal.jsonl").read_text() == records


def test_a_restart_between_two_health_checks_is_found(engine: _Engine) -> None:
    engine.health = "healthy"
    engine.project.wait({"web": spec()}, "prepare", settled=False)
    engine.project.check_restarts(engine.project.find())
    engine.crashes["web"] = 0.0
    with pytest.raises(RolloutFailed, match="service 'web': shop-web-1 was restarted after it had been up"):
        engine.project.check_restarts(engine.project.find())


def test_containers_that_were_not_waited_for_may_have_restarted(engine: _Engine) -> None:
    engine.crashes["db"] = 0.0
    engine.project.check_restarts(engine.project.find())


@pytest.mark.parametrize(
    ("dependencies", "groups"),
    [
        ({}, []),
        ({"a": [], "b": []}, [["a", "b"]]),
        ({"web": ["db"], "db": []}, [["db"], ["web"]]),
        (
            {"db": [], "redis": [], "backend": ["db", "redis"], "frontend": [], "edge": ["backend", "frontend"]},
            [["db", "redis", "frontend"], ["backend"], ["edge"]],
        ),
        ({"c": ["b"], "b": ["a"], "a": []}, [["a"], ["b"], ["c"]]),
        # A service that is not in the list runs already.
        ({"web": ["db"]}, [["web"]]),
    ],
)
def test_services_start_in_groups(dependencies: dict[str, list[str]], groups: list[list[str]]) -> None:
    assert start_groups({name: {"depends_on": others} for name, others in dependencies.items()}) == groups


def test_a_network_that_cannot_be_removed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(arguments: list[str]) -> str:
        if arguments[-1] == "shop_back":
            raise DockerError("network shop_back has active endpoints")
        return ""

    monkeypatch.setattr(docker, "unused_networks", lambda project: [f"{project}_back", f"{project}_old"])
    monkeypatch.setattr(docker, "run", run)
    ProjectContainers("shop", Journal(tmp_path / "journal.jsonl", "r1")).remove_unused_networks()
    records = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [(record["step"], record["state"]) for record in records] == [("recover", "failed"), ("recover", "done")]
    assert "has active endpoints" in records[0]["text"]
    assert "shop_old" in records[1]["text"]
