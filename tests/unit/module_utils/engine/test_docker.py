from __future__ import annotations

import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, notation, program
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError

from tests.support.fake_engine import Answer
from tests.support.own_time import give_time


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ""),
        (["nothing to see"], "nothing to see"),
        (
            ["Error response from daemon: manifest unknown", "Pulling app"],
            "Error response from daemon: manifest unknown",
        ),
        (["pull access denied for x", "see 'docker run --help'"], "pull access denied for x"),
        (["one", "two"], "two"),
        (["first error", "second: no such host"], "second: no such host"),
    ],
)
def test_the_line_of_an_error_that_looks_like_a_reason(lines: list[str], expected: str) -> None:
    assert docker.last_error_line(lines) == expected


#: 2026-11-21T10:00:00Z
STARTED = 1795255200.0


def _inspected(**state: Any) -> dict[str, Any]:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    return {
        "Id": "c1",
        "Name": "/shop-web-1",
        "RestartCount": 2,
        "Config": {"Image": "app:1", "Labels": {**labels, "com.docker.compose.oneoff": "False"}},
        "State": {"Status": "running", "ExitCode": 0, "StartedAt": "2026-11-21T10:00:00Z", **state},
    }


HEALTH = {"Status": "starting", "Log": [{"Output": "old"}, {"Output": " connection refused\n"}]}


@pytest.mark.parametrize(
    ("state", "health", "output"),
    [
        ({}, None, ""),
        ({"Health": {"Status": "none", "Log": None}}, None, ""),
        ({"Health": {"Status": "healthy", "Log": []}}, "healthy", ""),
        ({"Health": HEALTH}, "starting", "connection refused"),
    ],
)
def test_the_containers_of_a_project(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, state: dict[str, Any], health: str | None, output: str
) -> None:
    give_time(monkeypatch, notation, time=lambda: STARTED + 90.0)
    listing = (
        "/v1.44/containers/json?all=1&filters=%7B%22label%22%3A%20%5B%22com.docker.compose.project%3Dshop%22%5D%7D"
    )
    # The second container is removed before it is inspected.
    answer(
        {
            listing: (200, [{"Id": "c1"}, {"Id": "c2"}]),
            "/v1.44/containers/c1/json": (200, _inspected(**state)),
        }
    )
    at = "2026-11-21T10:00:00Z"
    assert docker.containers("shop") == [
        Container("c1", "shop-web-1", "web", False, "app:1", "running", 0, 2, health, output, at, 90.0, 10.0)
    ]


def test_only_the_containers_of_given_services_are_inspected(answer: Answer) -> None:
    filters = urllib.parse.quote('{"label": ["com.docker.compose.project=shop"]}')
    listing = f"/v1.44/containers/json?all=1&filters={filters}"
    label = "com.docker.compose.service"
    listed = [{"Id": "c1", "Labels": {label: "web"}}, {"Id": "c2", "Labels": {label: "db"}}, {"Id": "c3", "Labels": {}}]
    requests = answer({listing: (200, listed), "/v1.44/containers/c1/json": (200, _inspected())})
    assert [one.id for one in docker.containers("shop", ["web"])] == ["c1"]
    assert [path for path, _ in requests] == [listing, "/v1.44/containers/c1/json"]


@pytest.mark.parametrize(
    ("joined", "unused"),
    [
        ({}, ["shop_app", "shop_back"]),
        ({"shop_app": "n1", "bridge": "n0"}, ["shop_back"]),
        # Of two with the same name the id tells which it is.
        ({"other": "n1"}, ["shop_back"]),
        # Made, and not started yet.
        ({"shop_app": "", "shop_back": ""}, []),
    ],
)
def test_networks_that_no_container_is_in(answer: Answer, joined: dict[str, str], unused: list[str]) -> None:
    wanted = urllib.parse.quote('{"label": ["com.docker.compose.project=shop"]}')
    networks = [{"Name": "shop_app", "Id": "n1"}, {"Name": "shop_back", "Id": "n2"}]
    attached = {"NetworkSettings": {"Networks": {name: {"NetworkID": id_} for name, id_ in joined.items()}}}
    # In the network of another container.
    joins_another = {"NetworkSettings": {"Networks": {}}}
    answer(
        {
            f"/v1.44/networks?filters={wanted}": (200, networks),
            "/v1.44/containers/json?all=1": (200, [attached, joins_another]),
        }
    )
    assert docker.unused_networks("shop") == unused


@pytest.mark.parametrize(
    ("address", "port", "protocol", "names"),
    [
        ("0.0.0.0", 8080, "tcp", ["a", "b"]),
        ("127.0.0.1", 8080, "tcp", ["a"]),
        ("10.0.0.1", 8080, "tcp", ["b"]),
        ("10.0.0.2", 8080, "tcp", []),
        ("::", 8080, "tcp", []),
        ("127.0.0.1", 8080, "udp", ["c"]),
        ("::1", 8080, "udp", ["c"]),
        ("0.0.0.0", 80, "tcp", []),
    ],
)
def test_the_containers_that_publish_a_port(
    answer: Answer, address: str, port: int, protocol: str, names: list[str]
) -> None:
    def container(name: str, *ports: dict[str, Any]) -> dict[str, Any]:
        return {"Names": [f"/{name}"], "Ports": [{"PrivatePort": 80, "PublicPort": 8080, **one} for one in ports]}

    everywhere = [{"IP": address, "Type": "udp"} for address in ("0.0.0.0", "::")]
    listed = [
        {"Names": ["/none"], "Ports": None},
        {"Names": ["/inside"], "Ports": [{"PrivatePort": 80, "Type": "tcp"}]},
        container("a", {"IP": "127.0.0.1", "Type": "tcp"}),
        container("b", {"IP": "10.0.0.1", "Type": "tcp"}),
        container("c", *everywhere),
    ]
    answer({"/v1.44/containers/json": (200, listed)})
    assert docker.containers_publishing(port, address, protocol) == names


def test_anonymous_volumes_by_their_path(answer: Answer) -> None:
    mounts = [
        {"Type": "volume", "Name": "0f" * 32, "Source": "/volumes/0f/_data", "Destination": "/data"},
        {"Type": "volume", "Name": "shop_uploads", "Source": "/volumes/shop_uploads/_data", "Destination": "/uploads"},
        {"Type": "bind", "Source": "/srv/notes", "Destination": "/notes"},
        {"Type": "tmpfs", "Source": "", "Destination": "/tmp"},
    ]
    answer({"/v1.44/containers/a/json": (200, {"Mounts": mounts}), "/v1.44/containers/b/json": (200, {"Mounts": None})})
    assert docker.anonymous_volumes("a") == {"/data": "/volumes/0f/_data"}
    assert docker.anonymous_volumes("b") == docker.anonymous_volumes("missing") == {}


def test_a_missing_image_is_none(answer: Answer) -> None:
    answer({"/v1.44/images/app%3A1/json": (200, {"Id": "sha256:1"})})
    assert docker.local_image("app:1") == {"Id": "sha256:1"}
    assert docker.local_image("app:2") is None


def test_an_error_of_the_engine_is_reported_in_its_words(answer: Answer) -> None:
    answer({"/v1.44/info": (500, {"message": "disk is on fire\n"})})
    with pytest.raises(DockerError, match=r"^disk is on fire$"):
        docker.get("/info")


def test_a_missing_engine_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(DockerError, match=r"the Docker Engine of this host|no Docker Engine on this host"):
        docker.get("/info")
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    with pytest.raises(DockerError, match="the engine of a stack must be a local socket"):
        docker.get("/info")


def _command(folder: Path, script: str) -> None:
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a `docker` on the path that runs a line of shell."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return lambda script: _command(tmp_path, script)


def test_a_command_returns_its_output(command: Callable[[str], None], tmp_path: Path) -> None:
    command('echo "$@"; pwd')
    assert docker.run(["compose", "up"], cwd=str(tmp_path)) == f"compose up\n{tmp_path}\n"


def test_the_environment_of_the_shell_does_not_select_another_project(
    command: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"):
        monkeypatch.setenv(name, "other")
    command("env | grep ^COMPOSE_ | sort")
    assert docker.run([]) == "COMPOSE_ANSI=never\nCOMPOSE_PROGRESS=plain\n"


def test_a_failed_command_is_reported_with_its_output(command: Callable[[str], None]) -> None:
    command("echo begun; echo 'pull access denied for x' >&2; echo bye >&2; exit 1")
    with pytest.raises(DockerError) as caught:
        docker.run(["pull", "x"])
    assert str(caught.value) == "pull access denied for x"
    assert caught.value.detail == ("begun", "pull access denied for x", "bye")


def test_a_failed_command_without_output_is_reported_with_its_exit_code(command: Callable[[str], None]) -> None:
    command("exit 3")
    with pytest.raises(DockerError, match=r"^docker pull exited with 3$"):
        docker.run(["pull", "x"])


def test_a_command_that_takes_too_long_is_reported(command: Callable[[str], None]) -> None:
    command("exec sleep 10")
    with pytest.raises(DockerError, match=r"^docker pull did not end within 0\.05 s$"):
        docker.run(["pull", "x"], timeout=0.05)
    with pytest.raises(DockerError, match=r"^docker compose up did not end within 0\.05 s$"):
        docker.run(["compose", "up", "--no-build"], timeout=0.05)


def test_every_command_has_a_limit(command: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    def run(_command: list[str], timeout: float, *_: Any) -> subprocess.CompletedProcess[str]:
        limits.append(timeout)
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(program, "run", run)
    docker.run(["start", "x"])
    assert limits == [300.0]


@pytest.mark.parametrize(("config", "seconds"), [({}, 10.0), ({"StopTimeout": 90}, 90.0), ({"StopTimeout": 0}, 0.0)])
def test_the_grace_period_of_a_container(answer: Answer, config: dict[str, int], seconds: float) -> None:
    record = _inspected()
    record["Config"].update(config)
    answer({"/v1.44/containers/c1/json": (200, record)})
    found = docker.inspect("c1")
    assert found is not None
    assert found.stop_grace == seconds


@pytest.mark.parametrize(("state", "uptime"), [("running", 90.0), ("restarting", 0.0), ("exited", 0.0)])
def test_the_uptime_is_that_of_a_running_container(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, state: str, uptime: float
) -> None:
    give_time(monkeypatch, notation, time=lambda: STARTED + 90.0)
    answer({"/v1.44/containers/c1/json": (200, _inspected(Status=state))})
    found = docker.inspect("c1")
    assert found is not None
    assert found.uptime == uptime


def test_an_answer_has_one_deadline(answer: Answer) -> None:
    """A command in a container that prints a line now and then never ends otherwise."""

    def trickle() -> Iterator[bytes]:
        while True:
            time.sleep(0.05)
            yield b"x"

    answer({"/v1.44/exec/e1/start": (200, trickle)})
    started = time.monotonic()
    with pytest.raises(DockerError, match="nginx did not end"):
        docker.post("/exec/e1/start", {}, 0.3, "nginx did not end")
    assert time.monotonic() - started < 30


def test_a_missing_docker_command_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        DockerError,
        match=r"docker cannot be started: |there is no command 'docker' on this host; run ",
    ):
        docker.run(["pull", "x"])
