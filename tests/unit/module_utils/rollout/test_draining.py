"""A host that is taken out of service, and put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import rewriting
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import Verification
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout import draining
from ansible_collections.slipway.stack.plugins.module_utils.state import drain
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

from tests.support.fake_host import container, spec

SERVICES = {
    "db": {**spec(), "class": "stateful"},
    "web": spec(),
    "worker": {**spec(), "class": "drain"},
    "beat": {**spec(), "class": "singleton"},
    "edge": spec(edge=True, proxy="nginx", ports=["80:8080"], balancers=[]),
}


class _Engine:
    """The containers of the stack. ``log``: what was done, in order."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.containers = [container(name) for name in SERVICES]
        self.log: list[str] = []
        self.refuses = False
        self.problems: list[str] = []

    def stop(self, found: list[Container]) -> None:
        self._set([one.id for one in found], "exited")

    def start(self, containers: list[Container]) -> None:
        self._set([one.id for one in containers], "running")

    def _set(self, ids: list[str], state: str) -> None:
        self.log += [f"{state} {one.service}" for one in self.containers if one.id in ids]
        self.containers = [replace(one, state=state) if one.id in ids else one for one in self.containers]

    def renew(self, *_arguments: Any) -> None:
        if self.refuses:
            raise EdgeError("nginx refuses it")
        self.log.append("health 503" if drain.read(self._home).value else "health 200")

    def verify(self, *_arguments: Any, **_options: Any) -> Verification:
        self.log.append("verified")
        return Verification([], self.problems, [], {})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.make_directories()
    services = {name: {**one, "follows": {}} for name, one in SERVICES.items()}
    content = {"stack": "shop", "addresses": {}, "mounted": [], "services": services, "upstreams": [], "probes": []}
    write_text(home.release("r1") / "manifest.json", json.dumps(content))
    link(home.current, "releases/r1")
    return home


@pytest.fixture
def engine(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Engine]:
    found = _Engine(home)
    monkeypatch.setattr(docker, "containers", lambda *_: found.containers)
    monkeypatch.setattr(replicas, "stop", found.stop)
    monkeypatch.setattr(replicas, "start", found.start)
    monkeypatch.setattr(ProjectContainers, "wait", lambda *_: None)
    monkeypatch.setattr(rewriting, "renew", found.renew)
    monkeypatch.setattr(draining, "verify", found.verify)
    monkeypatch.setattr(draining.door, "is_current", lambda *_: True)
    return found


def _run(home: Home, enabled: bool) -> tuple[str, str]:
    """Do the work in this process, and return the state and the text of its end."""
    lease, _name, work = draining.begin(home, "ada", enabled, 0)
    work()
    lease.close_own_copy()
    last = json.loads(home.journal.read_text().splitlines()[-1])
    return last["state"], last["text"]


def test_requests_go_elsewhere_before_workers_stop(home: Home, engine: _Engine) -> None:
    assert draining.is_needed(home, True)
    assert _run(home, True)[0] == "done"
    assert engine.log == ["health 503", "exited worker", "exited beat"]
    assert "ada has drained this host at" in drain.obstacle(home)
    assert not draining.is_needed(home, True)


def test_requests_come_back_when_everything_is_verified(home: Home, engine: _Engine) -> None:
    _run(home, True)
    engine.log.clear()
    assert draining.is_needed(home, False)
    assert _run(home, False) == ("done", "the host is in service again")
    assert engine.log == ["running worker", "running beat", "verified", "health 200"]
    assert drain.obstacle(home) == ""
    assert not draining.is_needed(home, False)


def test_a_host_that_is_not_as_it_should_be_stays_drained(home: Home, engine: _Engine) -> None:
    _run(home, True)
    engine.problems = ["service 'web': 0 of 1 healthy"]
    assert _run(home, False) == ("failed", "The host is drained; run the playbook again")
    assert drain.read(home).value is not None
    assert "service 'web': 0 of 1 healthy" in home.journal.read_text()


@pytest.mark.parametrize("enabled", [True, False])
def test_if_the_proxy_refuses_it_is_as_before(home: Home, engine: _Engine, enabled: bool) -> None:
    if not enabled:
        _run(home, True)
    engine.refuses = True
    assert _run(home, enabled)[0] == "failed"
    assert (drain.read(home).value is not None) == (not enabled)
    if enabled:
        assert engine.log == []


def test_a_drain_that_was_killed_goes_on(home: Home, engine: _Engine) -> None:
    drain.write(home, drain.Drain("bob", 1.0))
    assert draining.is_needed(home, True)
    assert _run(home, True)[0] == "done"
    assert engine.log == ["health 503", "exited worker", "exited beat"]
    assert drain.read(home).value == drain.Drain("bob", 1.0)


@pytest.mark.usefixtures("engine")
def test_what_cannot_be_drained(home: Home, tmp_path: Path) -> None:
    with pytest.raises(RolloutFailed, match="no release is live on this host, so there is nothing to drain"):
        draining.begin(Home(str(tmp_path / "none")), "ada", True, 0)
    manifest = json.loads((home.release("r1") / "manifest.json").read_text())
    del manifest["services"]["edge"]["balancers"]
    write_text(home.release("r1") / "manifest.json", json.dumps(manifest))
    with pytest.raises(RolloutFailed, match="release r1 is of a version of this collection before draining"):
        draining.is_needed(home, True)
