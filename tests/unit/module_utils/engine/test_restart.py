"""An engine that goes away for a while: queries are asked again, commands are repeated once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

AWAY = DockerError("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "_INTERVAL", 0.001)


def _failing(times: int, error: DockerError, calls: list[Any]) -> Any:
    def call(*arguments: Any, **_named: Any) -> str:
        calls.append(arguments)
        if len(calls) <= times:
            raise error
        return "answer"

    return call


def test_a_query_is_asked_until_the_engine_answers() -> None:
    calls: list[Any] = []
    assert restart.outlasting(_failing(5, AWAY, calls)) == "answer"
    assert len(calls) == 6


def test_an_engine_that_stays_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "SECONDS", 0.05)
    with pytest.raises(DockerError, match="Cannot connect"):
        restart.outlasting(_failing(10**6, AWAY, []))


def test_a_refusal_is_not_repeated() -> None:
    calls: list[Any] = []
    with pytest.raises(DockerError, match="no such container"):
        restart.outlasting(_failing(1, DockerError("no such container"), calls))
    assert len(calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        DockerError("unexpected EOF"),
        DockerError("failed to create network shop_app: failed to update bridge store: database not open"),
        DockerError("exit 1", ("error during connect: Post http://docker/v1.45/containers/a/start", "read: EOF")),
        DockerError("the Docker Engine of this host is not running; start it (systemctl start docker)"),
    ],
)
def test_a_command_is_repeated_when_the_engine_is_back(monkeypatch: pytest.MonkeyPatch, error: DockerError) -> None:
    commands: list[Any] = []
    questions: list[Any] = []
    monkeypatch.setattr(docker, "run", _failing(1, error, commands))
    monkeypatch.setattr(docker, "get", _failing(3, AWAY, questions))
    assert restart.run(["start", "web1"]) == "answer"
    assert commands == [(["start", "web1"],)] * 2
    assert len(questions) == 4


def test_a_command_that_was_refused_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[Any] = []
    monkeypatch.setattr(docker, "run", _failing(1, DockerError("port is already allocated"), commands))
    with pytest.raises(DockerError, match="already allocated"):
        restart.run(["start", "web1"])
    assert len(commands) == 1
