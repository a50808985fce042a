"""Commands and processes inside a container, through the socket of a real engine."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

from testbed import engine, images, shell

IMAGE = "nginx:1.30"


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    with shell.locked("images"):
        engine.require()
        if images.image_id(IMAGE) is None:
            images.ensure(["nginx"])
    started = ["docker", "run", "--detach", "--rm", "--network=none", "--entrypoint=sleep", IMAGE, "600"]
    found = subprocess.run(started, capture_output=True, text=True, check=True).stdout.strip()
    yield found
    subprocess.run(["docker", "rm", "--force", found], capture_output=True, check=True)


def test_the_output_of_a_command_is_returned(container: str) -> None:
    script = "seq 1 30000; echo more >&2; seq 30001 60000"
    assert container_exec.execute(container, ["sh", "-c", script]).split() == [
        str(number) for number in range(1, 60001)
    ]


def test_a_failed_command_is_reported_with_its_own_message(container: str) -> None:
    with pytest.raises(DockerError, match=r"^no such file: x$") as caught:
        container_exec.execute(container, ["sh", "-c", "echo begun; echo 'no such file: x' >&2; echo bye >&2; exit 1"])
    assert caught.value.detail == ("begun", "no such file: x", "bye")
    for _ in range(20):
        with pytest.raises(DockerError, match=r"^sh exited with 7$"):
            container_exec.execute(container, ["sh", "-c", "exit 7"])


def test_a_missing_program_is_reported(container: str) -> None:
    with pytest.raises(DockerError, match="no-such-program"):
        container_exec.execute(container, ["no-such-program"])


def test_a_command_ends_at_its_timeout(container: str) -> None:
    begun = time.monotonic()
    with pytest.raises(DockerError, match=r"^sleep did not end within 1 s$"):
        container_exec.execute(container, ["sleep", "30"], timeout=1)
    assert time.monotonic() - begun < 20


def test_the_processes_of_a_container_are_listed(container: str) -> None:
    assert "sleep 600" in container_exec.processes(container).values()
