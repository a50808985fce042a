"""The edge as nginx: what the host adds to its configuration, and nginx as a process.

Place in the pipeline: target, under ``edge``, which knows when.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import MOUNT, EdgeError, edge_of, members
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: Docker's name server answers within a millisecond; this is how long new workers get to have asked it.
LOOK_UP_SECONDS = 0.3
#: In the container: nginx listens on the port where this file is (``start.sh``).
_LISTENS = "/tmp/listen.conf"
_WORKER = "worker process"
_LEAVING = "worker process is shutting down"
_WORKERS_SECONDS = 10.0


def host_files(manifest: Mapping[str, Any], targets: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the files that the host adds to a release's configuration, by path."""
    result = {"release.conf": f'map "" $slipway_release {{ default "{manifest["release"]}"; }}\n'}
    for upstream in manifest["upstreams"]:
        lines = [f"server {name}:{upstream['port']} resolve max_fails=0;\n" for name in targets[upstream["service"]]]
        result[f"upstreams/{upstream['service']}_{upstream['port']}.conf"] = "".join(lines)
    return result


def test(home: Home, manifest: Mapping[str, Any], names: Sequence[str], running: list[Container]) -> None:
    """Have nginx itself check configurations that were laid down, in each of its containers or a passing one.

    :raises EdgeError: with nginx' own complaint.
    """
    service = edge_of(manifest)
    tests = (f"nginx -t -q -c {MOUNT}/versions/{name}/nginx.conf" for name in names)
    command = ["sh", "-c", " && ".join(tests)]
    up = [container for container in running if container.state == "running"]
    try:
        for container in up:
            container_exec.execute(container.id, command)
        if not up:
            folder = str(home.release(manifest["release"]))
            if members(manifest)[0] != service:
                # A passing container joins the pod's network as well.
                docker.run(replicas.up_arguments(members(manifest)[:1]), cwd=folder)
            once = ["compose", "run", "--rm", "--no-deps", "-T", "--entrypoint", command[0], str(service), *command[1:]]
            docker.run(once, cwd=folder, timeout=60)
    except DockerError as error:
        said = [line.partition("[emerg] ")[2] for line in error.detail if "[emerg] " in line] or [str(error)]
        raise EdgeError(f"service '{service}': nginx refuses the configuration: {'; '.join(said)}") from None


def reload(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> None:
    """Have each nginx read the live configuration; old workers finish what they have.

    :raises EdgeError: when one goes on with the configuration of before.
    """
    _reload(manifest, running)


def hold_port(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Do nothing: a new nginx listens only when it can serve."""


def stop_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Have the *old* nginx leave the port to the one beside it; what it has accepted it goes on with.

    It comes back to the port by :func:`open_port`, or by a start of its container.
    """
    for container in old:
        container_exec.execute(container.id, ["rm", "-f", _LISTENS])
    _reload(manifest, old)


def resume_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Have the *old* nginx listen on the port again that it left, and wait until it does."""
    for container in old:
        container_exec.execute(
            container.id, ["sh", "-c", f"test -e {_LISTENS} || echo 'include listen.conf;' > {_LISTENS}"]
        )
    # It opens its ports before it starts the workers for them.
    _reload(manifest, old)


def has_old_connections(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> bool:
    """Return whether any worker of an earlier configuration is still there."""
    return any(_LEAVING in words for container in running for words in container_exec.processes(container.id).values())


def _reload(manifest: Mapping[str, Any], containers: list[Container]) -> None:
    """Have each nginx read its configuration again, and wait until all workers of before are leaving.

    nginx tells them a tenth of a second after it has started others. Until then they take requests, and nothing shows
    that they are old.

    :raises EdgeError: when an nginx keeps them for ten seconds.
    """
    before = [(container, number) for container in containers for number in _workers(container)]
    for container in containers:
        container_exec.send_sighup(container.id)
    deadline = time.monotonic() + _WORKERS_SECONDS
    for container, number in before:
        while _serves(container_exec.command_line(number)):
            if time.monotonic() > deadline:
                raise EdgeError(
                    f"service '{edge_of(manifest)}': {container.name} goes on with the configuration of before; see "
                    f"docker logs {container.name}"
                )
            time.sleep(0.01)


def _workers(container: Container) -> list[int]:
    return [number for number, words in container_exec.processes(container.id).items() if _serves(words)]


def _serves(words: str) -> bool:
    return _WORKER in words and _LEAVING not in words
