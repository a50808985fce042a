"""A container of a service's own image that shares the network of its running container, for programs of the image.

Place in the pipeline: target, for those who save a database server continuously. It has the variables and the secrets
of the service, nothing of its data, and no capabilities. Nothing secret is in the arguments of a command: the engine
gets all of it through its socket.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, container_logs, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed, duration

_MEMORY = 256 * 1024**2
_PROCESSES = 32
_ID_SECONDS = 30.0
_POLL_SECONDS = 0.2
#: Lines of its output that are read. A program that is retried says more than its last line.
_LINES = 200
#: Seconds for a program to end by itself when it is told to.
_GRACE_SECONDS = 10


def owner(container: Container) -> tuple[int, int]:
    """Return the uid and the gid that commands in a container have.

    :raises RolloutFailed: if the image has no ``id``.
    """
    try:
        user, group = container_exec.execute(container.id, ["sh", "-c", "id -u; id -g"], _ID_SECONDS).split()
        return int(user), int(group)
    except (DockerError, ValueError) as error:
        raise RolloutFailed(f"{container.name}: its user cannot be told: {error}") from None


@contextlib.contextmanager
def running(
    name: str, container: Container, script: str, mounts: Mapping[str, tuple[str, bool]], user: tuple[int, int]
) -> Iterator[str]:
    """Start *script* beside a running container, yield the id of the new one, and remove it at the end.

    :param name: of the new container. One that was left with this name is removed first.
    :param mounts: a directory of this host and whether it can be written to, by path in the container.
    :param user: uid and gid.
    :raises DockerError: if it cannot be started.
    """
    _remove(name)
    body = _body(docker.get(f"/containers/{container.id}/json") or {}, script, mounts, user)
    created = json.loads(docker.post(f"/containers/create?name={name}", body, docker.COMMAND_SECONDS))["Id"]
    try:
        docker.post(f"/containers/{created}/start", {}, docker.COMMAND_SECONDS)
        yield created
    finally:
        _remove(name)


def finish(container_id: str, timeout: float, look: Callable[[], bool] = lambda: True) -> list[str]:
    """Wait until it has ended, and return the last lines of its output.

    :param timeout: seconds that it may take. :param look: whether to wait on; called every fifth of a second.
    :raises RolloutFailed: if it fails or takes too long.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = docker.inspect(container_id)
        if found is None:
            raise RolloutFailed("its container was removed while it ran")
        if found.state not in ("running", "created"):
            break
        if not look():
            return []
        if time.monotonic() > deadline:
            raise RolloutFailed(f"it did not end within {duration(timeout)}")
        time.sleep(_POLL_SECONDS)
    lines = container_logs.last_lines(container_id, _LINES)
    if found.exit_code != 0:
        said = [line for line in lines if line.strip()]
        raise RolloutFailed(docker.last_error_line(said) or f"exit code {found.exit_code}", tuple(said[-10:]))
    return lines


def _body(
    raw: Mapping[str, Any], script: str, mounts: Mapping[str, tuple[str, bool]], user: tuple[int, int]
) -> dict[str, Any]:
    """Return the request that creates it. Pure. Source: Engine API, ``ContainerCreate``."""
    # What the service cannot write to either: its secrets, and its mounted files.
    shared = [
        {"Type": "bind", "Source": mount["Source"], "Target": mount["Destination"], "ReadOnly": True}
        for mount in raw.get("Mounts") or []
        if mount.get("Type") == "bind" and not mount.get("RW")
    ]
    own = [
        {"Type": "bind", "Source": source, "Target": target, "ReadOnly": not writable}
        for target, (source, writable) in mounts.items()
    ]
    return {
        "Image": raw["Image"],
        "Entrypoint": ["sh", "-ec", script],
        "Cmd": [],
        "Env": raw["Config"]["Env"],
        "User": f"{user[0]}:{user[1]}",
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "NetworkMode": f"container:{raw['Id']}",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": _MEMORY,
            "MemorySwap": _MEMORY,
            "PidsLimit": _PROCESSES,
            "Tmpfs": {"/tmp": "size=16m,mode=1777"},
            "Mounts": [*shared, *own],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
        },
    }


def _remove(name: str) -> None:
    """Stop a container and remove it, with the anonymous volumes of its image."""
    if docker.get(f"/containers/{name}/json") is None:
        return
    with contextlib.suppress(DockerError):
        docker.post(f"/containers/{name}/stop?t={_GRACE_SECONDS}", {}, docker.COMMAND_SECONDS)
    docker.run(["rm", "--force", "--volumes", name])
