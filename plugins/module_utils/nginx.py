"""nginx as a process: told to read its configuration again, to leave its port, and asked whether old workers are done.

Place in the pipeline: target, under ``edge``, which knows when.
"""

from __future__ import annotations

import time

from ansible_collections.slipway.stack.plugins.module_utils import docker
from ansible_collections.slipway.stack.plugins.module_utils.docker import Container

#: In the container, the directory with ``current`` and ``versions``.
MOUNT = "/etc/slipway/edge"

#: In the container: nginx listens on the port where this file is (``start.sh``).
_LISTENS = "/tmp/listen.conf"
_WORKER = "worker process"
_LEAVING = "worker process is shutting down"
_WORKERS_SECONDS = 10.0


def test_command(version: str) -> list[str]:
    """Return the command that has nginx check the configuration ``versions/VERSION``."""
    return ["nginx", "-t", "-q", "-c", f"{MOUNT}/versions/{version}/nginx.conf"]


def reload(running: list[Container]) -> None:
    """Have each nginx read the live configuration; old workers finish what they have."""
    for container in running:
        _execute(container, "nginx", "-s", "reload", "-c", f"{MOUNT}/current/nginx.conf")


def close_port(running: list[Container]) -> None:
    """Have each nginx leave the port to the one beside it; what it has accepted it goes on with.

    It comes back to the port by :func:`open_port`, or by a start of its container.
    """
    for container in running:
        _execute(container, "rm", "-f", _LISTENS)
        reload([container])


def open_port(running: list[Container]) -> None:
    """Have each nginx listen on the port again that left it, and wait until it does."""
    for container in running:
        before = _workers(container)
        _execute(container, "sh", "-c", f"test -e {_LISTENS} || echo 'include listen.conf;' > {_LISTENS}")
        reload([container])
        # It opens its ports before it starts the workers for them.
        deadline = time.monotonic() + _WORKERS_SECONDS
        while _workers(container) <= before and time.monotonic() < deadline:
            time.sleep(0.05)


def leaving(running: list[Container]) -> bool:
    """Return whether any worker of an earlier configuration is still there."""
    return any(_LEAVING in line for container in running for line in _processes(container))


def _workers(container: Container) -> set[str]:
    return {line.split()[0] for line in _processes(container) if _WORKER in line and _LEAVING not in line}


def _processes(container: Container) -> list[str]:
    return docker.run(["top", container.id, "-o", "pid,args"], timeout=30).splitlines()


def _execute(container: Container, *command: str) -> None:
    docker.run(["exec", container.id, *command], timeout=30)
