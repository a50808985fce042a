"""Commands in containers that run, and their processes, through the engine's socket.

Place in the pipeline: target, under what watches and reloads a proxy. Starting the ``docker`` command line for it takes
a processor's time, which on a busy host nobody has.
"""

from __future__ import annotations

import json
import struct
import time
import urllib.parse
from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils import docker
from ansible_collections.slipway.stack.plugins.module_utils.docker import DockerError


def execute(container_id: str, command: Sequence[str], timeout: float = 30.0) -> str:
    """Return what a command prints that is run in a container.

    :param timeout: seconds that it may be silent.
    :raises DockerError: as :func:`docker.run`.
    """
    late = f"{command[0]} did not end within {timeout:g} s"
    wanted = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
    made = json.loads(docker.post(f"/containers/{container_id}/exec", wanted, timeout))["Id"]
    out, err = _streams(docker.post(f"/exec/{made}/start", {"Detach": False, "Tty": False}, timeout, late))
    # Its output ends before the engine has noted how it ended.
    deadline = time.monotonic() + timeout
    while (ended := _known(docker.ask(f"/exec/{made}/json"), command[0]))["Running"]:
        if time.monotonic() > deadline:
            raise DockerError(late)
        time.sleep(0.01)
    if ended["ExitCode"] != 0:
        raise docker.failure(command[0], ended["ExitCode"], out, err)
    return out


def processes(container_id: str) -> dict[int, str]:
    """Return the processes of a container that runs: what each was started as, or calls itself, by its number.

    :raises DockerError: when the engine does not answer, or the container does not run.
    """
    answer = docker.ask(f"/containers/{container_id}/top?ps_args={urllib.parse.quote('-o pid,args')}")
    return {int(number): words for number, words in _known(answer, f"container {container_id}")["Processes"] or ()}


def _known(answer: Any, name: str) -> Any:
    """Return the engine's answer where it has one; what it ran before its own restart it has forgotten."""
    if answer is None:
        raise DockerError(f"the Docker engine knows nothing of {name} any more")
    return answer


def _streams(body: bytes) -> tuple[str, str]:
    """Return standard output and error, which come in frames: a byte says which it is, four how long it is."""
    found = {1: b"", 2: b""}
    while len(body) >= 8:
        stream, length = struct.unpack(">B3xI", body[:8])
        found[stream] = found.get(stream, b"") + body[8 : 8 + length]
        body = body[8 + length :]
    return found[1].decode(errors="replace"), found[2].decode(errors="replace")
