"""Why the engine cannot be used: each reason is a sentence with its remedy."""

from __future__ import annotations

import errno
import os
import shlex
import socket
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import absence, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

from tests.support.fake_engine import Answer

NO_ENGINE = "there is no Docker Engine on this host; run playbooks/provision.yml"
STOPPED = "the Docker Engine of this host is not running; start it (systemctl start docker)"


@pytest.fixture(name="commands")
def _commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory that is all that commands are searched in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(absence, "_PLACES_OF_DAEMONS", ())
    return folder


def _write(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _error() -> str:
    with pytest.raises(DockerError) as raised:
        docker.get("/info")
    return str(raised.value)


def test_no_engine_and_an_engine_that_is_stopped(
    commands: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    assert _error() == NO_ENGINE
    _write(commands / "docker", "exit 1")
    # A client alone is no engine.
    assert _error() == NO_ENGINE
    _write(commands / "dockerd", "exit 1")
    assert _error() == STOPPED
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(f"{tmp_path}/docker.sock")
    assert _error() == STOPPED


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_user_who_may_not_use_it(number: int) -> None:
    found = absence.of_engine(OSError(number, os.strerror(number)))
    assert found.endswith(" may not use the Docker engine of this host; run the play as root (become: true)")


def test_anything_else_is_told_as_it_is() -> None:
    assert absence.of_engine(TimeoutError("timed out")) == "the Docker engine does not answer: timed out"
    assert absence.of_command(OSError(errno.ENOMEM, "no memory")).startswith("docker cannot be started: ")


def test_an_engine_that_is_too_old(answer: Answer) -> None:
    said = "client version 1.44 is too new. Maximum supported API version is 1.41"
    answer({"/v1.44/info": (400, {"message": said})})
    assert _error().startswith(
        f"the Docker Engine of this host is older than 25 ({said}); run playbooks/provision.yml "
    )


def test_no_command(commands: Path) -> None:
    with pytest.raises(DockerError, match="there is no command 'docker' on this host; run "):
        docker.run(["compose", "version"])


@pytest.mark.parametrize(
    "said",
    [
        "docker: 'compose' is not a docker command.\nSee 'docker --help'",
        "docker: unknown command: docker compose\n\nRun 'docker --help' for more information",
        "unknown flag: --profile\nSee 'docker --help'.",
        "unknown shorthand flag: 'd' in -d\nSee 'docker --help'.",
    ],
)
def test_no_compose(commands: Path, said: str) -> None:
    _write(commands / "docker", f"printf '%s' {shlex.quote(said)} >&2; exit 125")
    with pytest.raises(DockerError) as raised:
        docker.run(["compose", "up", "-d"])
    assert str(raised.value) == (
        "'docker compose' is missing on this host, or it is too old; run playbooks/provision.yml"
    )
