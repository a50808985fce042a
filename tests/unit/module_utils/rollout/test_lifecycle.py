"""Hooks of services: what runs after the start and before the stop of containers, and what a failure does."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout import in_place, lifecycle
from ansible_collections.slipway.stack.plugins.module_utils.rollout.cleanup import remove_replaced
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state import abort
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction

from tests.support.fake_host import container, spec, write_release

UP = ["compose", "up", "--no-build", "--pull", "never", "--no-deps"]


def _hook(*words: str, **options: Any) -> dict[str, Any]:
    return {"command": list(words), "user": "", "privileged": False, "working_dir": "", "environment": [], **options}


def _hooks(release: str) -> dict[str, Any]:
    return {"post_start": [_hook("warm", release)], "pre_stop": [_hook("flush", release)]}


class Engine:
    """A fake engine: it starts, stops and removes containers, and records commands, also those in containers."""

    def __init__(self) -> None:
        self.containers: list[Container] = []
        self.done: list[tuple[str, ...]] = []
        self.options: list[Mapping[str, Any]] = []
        self.failing: dict[str, DockerError] = {}

    def run(self, arguments: list[str], **_: object) -> str:
        self.done.append(tuple(arguments))
        states = {"start": "running", "stop": "exited"}
        if arguments[0] == "rm":
            self.containers = [one for one in self.containers if one.id not in arguments]
        if arguments[0] in states:
            self.containers = [
                replace(one, state=states[arguments[0]]) if one.id in arguments else one for one in self.containers
            ]
        return ""

    def execute(self, container_id: str, command: Sequence[str], _timeout: float, options: Mapping[str, Any]) -> str:
        self.done.append((container_id, *command))
        self.options.append(options)
        if command[0] in self.failing:
            raise self.failing[command[0]]
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: list(engine.containers))
    monkeypatch.setattr(docker, "inspect", lambda name: next((o for o in engine.containers if o.id == name), None))
    monkeypatch.setattr(docker, "run", engine.run)
    monkeypatch.setattr(container_exec, "execute", engine.execute)
    monkeypatch.setattr(health_check, "last_lines", lambda *_: ["out of memory"])
    return engine


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.state.mkdir()
    for release in ("r1", "r2"):
        write_release(home, release, services={"web": spec(**_hooks(release)), "db": spec()}, version="1", commit="")
    return home


def _records(home: Home) -> list[dict[str, Any]]:
    return [json.loads(line) for line in home.journal.read_text().splitlines()]


def _texts(home: Home) -> list[str]:
    return [record["text"] for record in _records(home) if record["text"]]


def _start(home: Home, engine: Engine, **keywords: Any) -> None:
    services = (home.manifest("r2") or {})["services"]
    lifecycle.start(services, engine.containers, Journal(home.journal, "r2"), "prepare", **keywords)


def test_post_start_runs_in_the_containers_that_are_started(home: Home, engine: Engine) -> None:
    engine.containers = [container("web", 1), container("web", 2, state="created"), container("db", state="created")]
    _start(home, engine)
    assert engine.done == [("start", "web2", "db1"), ("web2", "warm", "r2")]
    assert _texts(home) == ["post_start in shop-web-2, for at most 5 min", "post_start completed in shop-web-2"]


def test_a_hook_has_its_user_directory_and_variables(home: Home, engine: Engine) -> None:
    engine.containers = [container(state="created")]
    given = _hook("x", user="root", privileged=True, working_dir="/srv", environment=["A=1", "B"])
    services = {"web": spec(post_start=[given, _hook("y")])}
    lifecycle.start(services, engine.containers, Journal(home.journal, "r2"), "prepare")
    assert engine.options == [{"User": "root", "Privileged": True, "WorkingDir": "/srv", "Env": ["A=1", "B"]}, {}]


def test_a_failed_post_start_fails_the_start_with_its_output(home: Home, engine: Engine) -> None:
    engine.containers = [container(state="created")]
    engine.failing["warm"] = DockerError("cannot warm", tuple(f"line {number}" for number in range(30)))
    with pytest.raises(RolloutFailed, match=r"^service 'web': post_start failed in shop-web-1: cannot warm$") as raised:
        _start(home, engine)
    assert raised.value.detail == tuple(f"line {number}" for number in range(10, 30))


def test_the_hooks_after_a_failed_one_do_not_run(home: Home, engine: Engine) -> None:
    engine.containers = [container(state="created")]
    engine.failing["a"] = DockerError("a")
    with pytest.raises(RolloutFailed):
        lifecycle.start(
            {"web": spec(post_start=[_hook("a"), _hook("b")])},
            engine.containers,
            Journal(home.journal, "r2"),
            "prepare",
        )
    assert engine.done[1:] == [("web1", "a")]


def test_a_container_that_ended_during_its_hook_shows_its_log(home: Home, engine: Engine) -> None:
    engine.containers = [container(state="created")]

    def execute(container_id: str, *_: object) -> str:
        engine.run(["stop", container_id])
        raise DockerError("container web1 is not running")

    container_exec.execute = execute  # type: ignore[assignment]
    with pytest.raises(RolloutFailed) as raised:
        _start(home, engine)
    assert raised.value.detail == (
        "shop-web-1 exited with code 0",
        "last log lines of shop-web-1:",
        "  out of memory",
    )


def test_pre_stop_runs_before_the_stop_with_the_hook_of_the_container_s_own_release(home: Home, engine: Engine) -> None:
    engine.containers = [
        container("web", 1, release="r1"),
        container("web", 2, release="r1", state="exited"),
        container("db", release="r1"),
    ]
    lifecycle.stop(home, engine.containers, Journal(home.journal, "r2"), "finalize")
    assert engine.done == [("web1", "flush", "r1"), ("stop", "web1", "web2", "db1")]


def test_pre_stop_of_a_container_that_a_person_started_is_that_of_the_new_release(home: Home, engine: Engine) -> None:
    engine.containers = [container("web", release="shop")]
    services = (home.manifest("r2") or {})["services"]
    lifecycle.stop(home, engine.containers, Journal(home.journal, "r2"), "finalize", services)
    assert engine.done == [("web1", "flush", "r2"), ("stop", "web1")]


def test_a_failed_pre_stop_does_not_keep_a_container(home: Home, engine: Engine) -> None:
    engine.containers = [container("web", release="r1")]
    engine.failing["flush"] = DockerError("flush exited with 3", ("the secret is hunter2",))
    journal = Journal(home.journal, "r2", lambda text: text.replace("hunter2", "***"))
    lifecycle.stop(home, engine.containers, journal, "finalize")
    assert engine.done[-1] == ("stop", "web1")
    record = _records(home)[-1]
    assert record["text"] == "pre_stop failed in shop-web-1, which is stopped all the same: flush exited with 3"
    assert (record["state"], record["detail"]) == ("failed", ["the secret is ***"])


def test_pre_stop_runs_in_all_containers_at_the_same_time(
    home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.containers = [container("web", 1, release="r1"), container("web", 2, release="r1")]
    both = threading.Barrier(2, timeout=10)
    monkeypatch.setattr(container_exec, "execute", lambda *_: both.wait())
    lifecycle.stop(home, engine.containers, Journal(home.journal, "r2"), "finalize")
    assert "failed" not in {record["state"] for record in _records(home)}


def test_a_rollout_is_aborted_during_a_hook(home: Home, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.containers = [container(state="created")]
    released = threading.Event()
    monkeypatch.setattr(container_exec, "execute", lambda *_: released.wait(10))
    abort.request(home.abort, "r2", "eve@phone")
    abort.watch.open(home.abort, "r2")
    try:
        with pytest.raises(RolloutFailed, match=r"^eve@phone aborted the rollout$"):
            _start(home, engine)
    finally:
        abort.watch.close()
        released.set()


def test_compose_only_creates_what_has_a_post_start(home: Home, engine: Engine) -> None:
    """Compose since 2.30 would run the hook, too."""
    journal = Journal(home.journal, "r2")
    services = (home.manifest("r2") or {})["services"]
    engine.containers = [container("web", release="r1"), container("db", release="r1")]
    containers = ProjectContainers("shop", journal)

    def run(arguments: list[str], **_: object) -> str:
        if "--no-start" in arguments:
            engine.containers = [container("web", 2, state="created", release="r2"), container("db", release="r1")]
        return Engine.run(engine, arguments)

    docker.run = run  # type: ignore[assignment]
    release = in_place.Release(home, "r2", journal, "prepare", lambda one: one.id == "web1", 60.0)
    in_place.up(services, ["web", "db"], containers, release)
    assert engine.done == [
        ("web1", "flush", "r1"),
        (*UP, "--detach", "db"),
        (*UP, "--no-start", "web"),
        ("start", "web2"),
        ("web2", "warm", "r2"),
    ]


def test_what_a_rollout_replaces_in_place_stops_with_its_hook(home: Home, engine: Engine) -> None:
    engine.containers = [container("web", 1, release="r1")]
    services = {"web": spec(ports=["80:80"], pre_stop=[_hook("flush")])}
    write_release(home, "r1", services=services)
    write_release(home, "r2", services=services)
    for action, done in (("recreate", [("web1", "flush")]), ("start", [])):
        engine.done.clear()
        rollout = Rollout(home, RolloutOptions("r2", 5, "ada@laptop"))
        rollout._tx.plan, rollout._tx.old = {"web": action}, {"web": ["web1"]}
        rollout._replace_in_place("prepare", late=False)
        assert engine.done == [*done, (*UP, "--detach", "web")]


def test_the_cleanup_runs_pre_stop(home: Home, engine: Engine) -> None:
    engine.containers = [container("web", 1, release="r1"), container("web", 2, release="r2"), container("db")]
    old = {"web": ["web1"], "db": ["db1"]}
    tx = Transaction("r2", "r1", "ada@laptop", phase="switched", plan={"web": "roll", "db": "unchanged"}, old=old)
    tx.save(home.transaction)
    journal = Journal(home.journal, "r2")
    remove_replaced(home, tx, ProjectContainers("shop", journal), journal)
    assert engine.done[:2] == [("web1", "flush", "r1"), ("stop", "web1")]


def test_the_way_back_runs_both_hooks_and_goes_on_if_one_fails(home: Home, engine: Engine) -> None:
    """The new container is stopped with its hook, and the old one, which had been stopped, starts with its own."""
    engine.containers = [
        container("web", 1, release="r1", state="exited"),
        container("web", 2, release="r2"),
        container("db", release="r1"),
    ]
    engine.failing["warm"] = DockerError("cannot warm")
    tx = Transaction("r2", "r1", "ada@laptop", plan={"web": "roll", "db": "unchanged"}, old={"web": ["web1"]})
    tx.old["db"] = ["db1"]
    tx.save(home.transaction)
    journal = Journal(home.journal, "r2")
    assert revert(home, tx, ProjectContainers("shop", journal), journal) == "Release r1 keeps serving"
    assert engine.done == [
        ("web2", "flush", "r2"),
        ("stop", "web2"),
        ("rm", "--force", "--volumes", "web2"),
        ("start", "web1"),
        ("web1", "warm", "r1"),
    ]
    assert "post_start failed in shop-web-1: cannot warm" in _texts(home)
