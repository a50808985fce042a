"""Commands in containers that run, the signal to reload, and their processes, without the ``docker`` command line.

Place in the pipeline: target, under what watches and reloads a proxy. Starting the command line for it takes a
processor's time, which on a busy host nobody has.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError


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
    while (ended := _known(docker.get(f"/exec/{made}/json"), command[0]))["Running"]:
        if time.monotonic() > deadline:
            raise DockerError(late)
        time.sleep(0.01)
    if ended["ExitCode"] != 0:
        raise docker.command_error(command[0], ended["ExitCode"], out, err)
    return out


def send_sighup(container_id: str) -> None:
    """Have a container's main process read its configuration again (SIGHUP), for a small part of a command's time.

    Not by the engine's own signal: a container that it was told to send any one is to it a container that somebody
    stopped, and stays down when the server boots.

    :raises DockerError: when the engine does not answer, the container does not run, or we may not.
    """
    main = _running(container_id)
    try:
        os.kill(main, signal.SIGHUP)
    except OSError as error:
        raise DockerError(f"container {container_id} cannot be told to reload: {error.strerror}") from None


def main_pid(container_id: str) -> int:
    """Return the number that a container's main process has on this host; 0 where it does not run."""
    found = docker.get(f"/containers/{container_id}/json")
    return int(found["State"]["Pid"]) if found else 0


def processes(container_id: str) -> dict[int, str]:
    """Return the main process of a container and all that come from it: what each calls itself, by its number.

    Read off the kernel: for an answer to the same question the engine starts a program of the host's.

    :raises DockerError: when the engine does not answer, or the container does not run.
    """
    main = _running(container_id)
    children = _children()
    found = [main]
    for number in found:
        found += children.get(number, ())
    return {number: said for number in found if (said := command_line(number))}


def command_line(number: int) -> str:
    """Return what a process of this host calls itself; empty where it has ended."""
    return _read(f"/proc/{number}/cmdline").replace("\0", " ").strip()


def _running(container_id: str) -> int:
    main = main_pid(container_id)
    if not main:
        raise DockerError(f"container {container_id} does not run")
    return main


def _children() -> dict[int, list[int]]:
    """Return the processes of this host by their parent. What the kernel says of one parent alone may leave some out.

    Source: proc(5), at /proc/PID/task/TID/children.
    """
    result: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        # Its own name, in brackets, may have brackets and blanks; its state and its parent follow.
        spec = _read(f"/proc/{entry}/stat").rpartition(")")[2].split() if entry.isdecimal() else []
        if spec:
            result.setdefault(int(spec[1]), []).append(int(entry))
    return result


def _read(path: str) -> str:
    """Return a file of the kernel's on a process; empty where that has ended meanwhile."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


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
