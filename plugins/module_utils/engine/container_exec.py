"""Commands in running containers, the signal to reload, and the processes of a container.

Place in the pipeline: target, used to watch and reload a proxy. Nothing here starts the ``docker`` command line: that
takes CPU time, and a busy host has none to spare.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError


def execute(
    container_id: str, command: Sequence[str], timeout: float = 30.0, options: Mapping[str, Any] | None = None
) -> str:
    """Run a command in a container and return its standard output.

    :param timeout: seconds that the command may take.
    :param options: further fields of the request, such as ``User``. Source: Engine API, ``ExecConfig``.
    :raises DockerError: as :func:`docker.run`.
    """
    timeout_message = f"{command[0]} did not end within {timeout:g} s"
    request = {**(options or {}), "AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
    exec_id = json.loads(docker.post(f"/containers/{container_id}/exec", request, timeout))["Id"]
    body = docker.post(f"/exec/{exec_id}/start", {"Detach": False, "Tty": False}, timeout, timeout_message)
    out, err = _split_streams(body)
    # The output ends before the engine has recorded the exit code.
    deadline = time.monotonic() + timeout
    while (status := _exec_status(exec_id, command[0]))["Running"]:
        if time.monotonic() > deadline:
            raise DockerError(timeout_message)
        time.sleep(0.01)
    if status["ExitCode"] != 0:
        raise docker.command_error(command[0], status["ExitCode"], out, err)
    return out


def send_sighup(container_id: str) -> None:
    """Send SIGHUP to the main process of a container, so that it reads its configuration again.

    The signal does not go through the engine. A container that gets any signal from the engine counts as stopped by
    hand from then on, and the engine does not start it when the server boots.

    :raises DockerError: if the engine does not answer, the container is not running, or the signal is not permitted.
    """
    pid = _running_pid(container_id)
    try:
        os.kill(pid, signal.SIGHUP)
    except OSError as error:
        raise DockerError(f"container {container_id} cannot be signalled to reload: {error.strerror}") from None


def main_pid(container_id: str) -> int:
    """Return the process id of a container's main process on this host; 0 if it is not running."""
    raw = docker.get(f"/containers/{container_id}/json")
    return int(raw["State"]["Pid"]) if raw else 0


def processes(container_id: str) -> dict[int, str]:
    """Return the command lines of a container's main process and its descendants, by process id.

    They are read from ``/proc``: to answer the same question, the engine starts a program on the host.

    :raises DockerError: if the engine does not answer, or the container is not running.
    """
    pids = [_running_pid(container_id)]
    children = _children_by_parent()
    for pid in pids:
        pids += children.get(pid, ())
    return {pid: line for pid in pids if (line := command_line(pid))}


def command_line(pid: int) -> str:
    """Return the command line of a process on this host; empty if it has ended."""
    return _read_proc(f"/proc/{pid}/cmdline").replace("\0", " ").strip()


def _running_pid(container_id: str) -> int:
    pid = main_pid(container_id)
    if not pid:
        raise DockerError(f"container {container_id} is not running")
    return pid


def _children_by_parent() -> dict[int, list[int]]:
    """Return the process ids of this host by their parent.

    The kernel's list of the children of one process can be incomplete.
    Source: proc(5), at /proc/PID/task/TID/children.
    """
    result: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        # The name in brackets can contain brackets and spaces. The state and the parent follow it.
        fields = _read_proc(f"/proc/{entry}/stat").rpartition(")")[2].split() if entry.isdecimal() else []
        if fields:
            result.setdefault(int(fields[1]), []).append(int(entry))
    return result


def _read_proc(path: str) -> str:
    """Return the text of a file below ``/proc``; empty if the process has ended."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _exec_status(exec_id: str, program: str) -> Any:
    """Return the engine's record of a command. An engine that was restarted does not have it any more."""
    status = docker.get(f"/exec/{exec_id}/json")
    if status is None:
        raise DockerError(f"the Docker engine no longer knows the command {program}; it may have been restarted")
    return status


def _split_streams(body: bytes) -> tuple[str, str]:
    """Return standard output and standard error from frames: one byte is the stream, four bytes are the length."""
    streams = {1: b"", 2: b""}
    while len(body) >= 8:
        stream, length = struct.unpack(">B3xI", body[:8])
        streams[stream] = streams.get(stream, b"") + body[8 : 8 + length]
        body = body[8 + length :]
    return streams[1].decode(errors="replace"), streams[2].decode(errors="replace")
