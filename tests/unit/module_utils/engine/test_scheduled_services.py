"""What a Swarm runs, as containers."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import (
    docker,
    health_check,
    restart,
    scheduled_services,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError

SPEC = {"replicas": 2, "class": "rolling", "min_uptime": 1.0}


def _service(name: str = "backend", release: str = "20261128T000000Z-1a2b3c4d", replicas: int = 2) -> dict[str, Any]:
    return {
        "ID": f"id-{name}-{release[-8:]}",
        "CreatedAt": "2026-11-28T00:00:00.5Z",
        "Spec": {
            "Name": f"shop_{name}-{release[-8:]}",
            "Labels": {
                "slipway.stack": "shop",
                "slipway.service": name,
                "slipway.release": release,
                "slipway.replicas": "2",
            },
            "Mode": {"Replicated": {"Replicas": replicas}},
            "TaskTemplate": {
                "ContainerSpec": {
                    "Image": "backend@sha256:aa",
                    "StopGracePeriod": 30_000_000_000,
                    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_000_000_000, "Timeout": 1_000_000_000},
                    "Secrets": [{"SecretID": "used"}],
                }
            },
        },
    }


def _task(slot: int, state: str, number: int = 0, **keys: Any) -> dict[str, Any]:
    return {
        "ServiceID": "id-backend-1a2b3c4d",
        "Slot": slot,
        "CreatedAt": f"2026-11-28T00:00:0{number}Z",
        "DesiredState": "shutdown" if state in ("failed", "rejected", "shutdown") else "running",
        "Status": {"State": state, "Timestamp": "2026-11-28T00:00:05.123456789Z"},
        **keys,
    }


class _Engine:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.services = [_service()]
        self.tasks: list[dict[str, Any]] = []
        self.kept: dict[str, list[dict[str, Any]]] = {"secrets": [], "configs": []}
        self.commands: list[list[str]] = []
        monkeypatch.undo()
        monkeypatch.setattr(docker, "get", self._get)
        monkeypatch.setattr(restart, "run", lambda arguments: self.commands.append(arguments))

    def _get(self, path: str) -> Any:
        path, _mark, query = path.partition("?filters=")
        filters = json.loads(urllib.parse.unquote(query) or "{}")
        if path == "/services":
            assert filters == {"label": ["slipway.stack=shop"]}
            return self.services
        if path == "/tasks":
            return [one for one in self.tasks if one["ServiceID"] in filters["service"]]
        if path.startswith("/services/"):
            return next((one for one in self.services if path.endswith(one["ID"])), None)
        return self.kept[path[1:]]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> _Engine:
    return _Engine(monkeypatch)


def _verdict() -> tuple[str, str]:
    found = health_check.judge(SPEC, scheduled_services.containers("shop"))
    return found.state, found.reason


def test_the_tasks_of_a_service_are_its_containers(engine: _Engine) -> None:
    engine.tasks = [_task(1, "running"), _task(2, "running")]
    one, other = scheduled_services.containers("shop")
    assert other.id == one.id
    assert (one.id, one.name, one.service) == ("id-backend-1a2b3c4d", "backend-1a2b3c4d", "backend")
    assert (one.state, one.health, one.release, one.in_swarm) == (
        *("running", "healthy", "20261128T000000Z-1a2b3c4d", True),
    )
    assert (one.stop_grace, one.check_seconds) == (30.0, 8.0)
    assert _verdict() == ("up", "2 of 2 healthy")
    assert scheduled_services.containers("shop", ["other"]) == []


def test_a_service_without_a_task_was_created(engine: _Engine) -> None:
    engine.services = [_service(replicas=0)]
    (found,) = scheduled_services.containers("shop")
    assert (found.state, found.health) == ("created", "starting")
    assert _verdict()[0] == "waiting"


def test_a_task_that_no_node_takes_says_why(engine: _Engine) -> None:
    pending = {
        "State": "pending",
        "Timestamp": "2026-11-28T00:00:05Z",
        "Err": "no suitable node (3 nodes not available)",
    }
    engine.tasks = [_task(1, "running"), _task(2, "pending", Status=pending)]
    assert _verdict() == (
        *("waiting", "1 of 2 up, backend-1a2b3c4d is pending (no suitable node (3 nodes not available))"),
    )


def test_a_service_whose_tasks_fail_again_and_again_is_down(engine: _Engine) -> None:
    failed = [_task(1, "failed", number) for number in range(3)]
    engine.tasks = [*failed, _task(1, "starting", 4), _task(2, "running")]
    assert _verdict() == ("down", "backend-1a2b3c4d was restarted 3 times")


def test_a_task_that_moved_is_the_new_one(engine: _Engine) -> None:
    engine.tasks = [_task(1, "shutdown"), _task(1, "running", 1), _task(2, "running")]
    assert _verdict() == ("up", "2 of 2 healthy")
    assert [one.restarts for one in scheduled_services.containers("shop")] == [0, 0]


@pytest.mark.parametrize(
    ("message", "is_refused"),
    [
        ('This node is not a swarm manager. Use "docker swarm init" …', False),
        ("This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state.", False),
        ("The swarm does not have a leader. It's possible that too few managers are online.", True),
    ],
)
def test_only_a_manager_knows_the_swarm(
    monkeypatch: pytest.MonkeyPatch, engine: _Engine, message: str, is_refused: bool
) -> None:
    def get(_path: str) -> None:
        raise DockerError(message)

    monkeypatch.setattr(docker, "get", get)
    if is_refused:
        with pytest.raises(DockerError, match="does not have a leader"):
            scheduled_services.containers("shop")
    else:
        assert scheduled_services.containers("shop") == []


def _container(engine: _Engine) -> list[Container]:
    return scheduled_services.containers("shop")


def test_a_service_starts_with_the_replicas_of_its_release(engine: _Engine) -> None:
    engine.services = [_service(replicas=0)]
    scheduled_services.start(_container(engine))
    assert engine.commands == [["service", "scale", "--detach", "id-backend-1a2b3c4d=2"]]


def test_a_service_has_stopped_when_its_last_task_has_ended(engine: _Engine) -> None:
    engine.tasks = [_task(1, "running"), _task(2, "running")]
    found = _container(engine)
    with pytest.raises(DockerError, match=r"2 tasks of the Swarm have not stopped within 0 s \(running\)"):
        scheduled_services.stop(found, 0.0)
    engine.tasks = [_task(1, "complete"), _task(2, "shutdown")]
    scheduled_services.stop(found, 0.0)
    assert engine.commands == [["service", "scale", "--detach", "id-backend-1a2b3c4d=0"]] * 2


def test_what_is_gone_needs_no_command(engine: _Engine) -> None:
    found = _container(engine)
    engine.services = []
    scheduled_services.start(found)
    scheduled_services.stop(found, 0.0)
    scheduled_services.remove(found)
    assert engine.commands == []


def test_secrets_and_files_without_a_service_are_removed(engine: _Engine) -> None:
    engine.kept = {"secrets": [{"ID": "used"}, {"ID": "old"}], "configs": [{"ID": "older"}]}
    scheduled_services.prune("shop")
    assert engine.commands == [["secret", "rm", "old"], ["config", "rm", "older"]]
