"""Which container and which directory of this host has the data of a service.

Place in the pipeline: target, for those who save and restore.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

_POLL_SECONDS = 0.1


def running(project: str, service: str, patience: float = 0.0) -> Container:
    """Return a running container of a service that is healthy.

    :param patience: seconds for one that was just started to become healthy.
    :raises RolloutFailed: if there is none.
    """
    deadline = time.monotonic() + patience
    while True:
        found = [one for one in docker.containers(project, [service]) if not one.oneoff]
        for container in found:
            if container.state == "running" and container.health in (None, "healthy"):
                return container
        if time.monotonic() > deadline:
            states = ", ".join(f"{one.name} is {one.health or one.state}" for one in found) or "it has no container"
            raise RolloutFailed(f"service '{service}' does not run, so its data cannot be saved or restored: {states}")
        time.sleep(_POLL_SECONDS)


def existing(project: str, service: str) -> Container:
    """Return a container of a service, whatever its state: it has the volumes. :raises RolloutFailed: without one."""
    found = [one for one in docker.containers(project, [service]) if not one.oneoff]
    if not found:
        raise RolloutFailed(f"service '{service}' has no container, so its volumes cannot be found; deploy first")
    return found[0]


def directory(container: Container, target: str) -> Path:
    """Return the directory of this host that a container has at *target*, a volume or a bind mount.

    :raises RolloutFailed: if it has none there.
    """
    raw: Mapping[str, Any] = docker.get(f"/containers/{container.id}/json") or {}
    for mount in raw.get("Mounts") or []:
        if str(mount["Destination"]).rstrip("/") == target.rstrip("/") and Path(mount["Source"]).is_dir():
            return Path(mount["Source"])
    raise RolloutFailed(f"{container.name} has no volume at {target}")
