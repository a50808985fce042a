"""What happened to the running containers: processes killed because the memory was used up, and restarts.

Place in the pipeline: target, read-only, for ``status`` and ``verify``. A proxy or an application server that loses a
worker process starts another one, and its container keeps running. So the kernel is asked, which counts per container.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError

_PROC = Path("/proc")
_CGROUP = Path("/sys/fs/cgroup")


def find(running: Mapping[str, list[Container]], since: float) -> list[dict[str, str]]:
    """Return ``{service, reason}`` for each container that was restarted or lost a process for want of memory.

    The engine gets one more request for each container.

    :param running: containers by service.
    :param since: seconds of the epoch. Restarts before it do not count. The kernel's number starts with the container.
    """
    return [
        {"service": name, "reason": reason}
        for name in running
        for container in running[name]
        for reason in _reasons(container, since)
    ]


def _reasons(container: Container, since: float) -> list[str]:
    result = []
    state = _state(container)
    kills = oom_kills(state.get("Pid") or 0) or int(bool(state.get("OOMKilled")))
    started = f"{container.started_at[:19]}Z"
    if kills:
        processes = "a process was killed" if kills == 1 else f"{kills} processes were killed"
        result.append(
            f"{container.name} used up its memory: {processes} since it started at {started}; raise 'memory', or find "
            "out what needs it"
        )
    if container.restarts and time.time() - container.uptime >= since:
        times = "once" if container.restarts == 1 else f"{container.restarts} times"
        result.append(
            f"{container.name} ended and was restarted {times}, the last time at {started}; see docker logs "
            f"{container.name}"
        )
    return result


def _state(container: Container) -> Mapping[str, Any]:
    """Return the engine's record of the state of a container; empty if it does not answer, which others report."""
    try:
        return (docker.get(f"/containers/{container.id}/json") or {}).get("State") or {}
    except DockerError:
        return {}


def oom_kills(pid: int) -> int:
    """Return how many processes in the control group of a process were killed because its memory was used up.

    It is 0 if the kernel does not say, and for a process id of 0. Both versions of control groups are read.
    """
    if not pid:
        return 0
    try:
        groups = (_PROC / str(pid) / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    for line in groups:
        controllers, path = line.split(":", 2)[1:]
        if controllers == "":
            found = _count(_CGROUP / path.lstrip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            found = _count(_CGROUP / "memory" / path.lstrip("/") / "memory.oom_control")
        else:
            continue
        if found:
            return found
    return 0


def _count(path: Path) -> int:
    """Return the number after ``oom_kill`` in a file of the kernel; 0 without one."""
    try:
        pairs = dict(line.split(" ", 1) for line in path.read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return 0
    return int(pairs.get("oom_kill", 0))
