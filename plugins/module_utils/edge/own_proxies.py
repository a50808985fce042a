"""A team's own proxies: reload those that resolve names only once, after the services behind them were replaced.

Place in the pipeline: target, switch, finalize and revert. These proxies are not the edge: they know services by name,
and a name stands for all containers of a service, old and new.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

#: Seconds for requests that a proxy has accepted before its reload. They can still go to containers that stop next.
_OLD_WORKERS_SECONDS = 10.0


@dataclass(frozen=True)
class _Program:
    """How a proxy reads its configuration and resolves names again without closing connections.

    ``command`` runs in the container; an empty one stands for SIGHUP to the main process. The command lines of its
    workers start with ``worker``.
    """

    command: tuple[str, ...]
    worker: str


#: Programs that are not in this table resolve names again by themselves.
_PROGRAMS = {
    "nginx": _Program(("nginx", "-s", "reload"), "nginx: worker"),
    "openresty": _Program(("openresty", "-s", "reload"), "nginx: worker"),
    "httpd": _Program(("httpd", "-k", "graceful"), "httpd"),
    "haproxy": _Program((), "haproxy"),
}


def needs_reload(spec: Mapping[str, Any]) -> bool:
    """Return whether a service is a proxy that must be reloaded when other services were replaced.

    A one-shot is none, whatever its image is: it runs another command in it.
    """
    return spec.get("own_proxy") in _PROGRAMS and spec.get("class") != "oneshot"


def reload_proxies(
    services: Mapping[str, Mapping[str, Any]],
    containers: ProjectContainers,
    journal: Journal,
    step: str,
    wait_for_workers: bool = True,
) -> None:
    """Reload every proxy of a release, so that it resolves names again.

    :param services: the services of the manifest.
    :param wait_for_workers: wait until the workers from before the reload have ended, at most ten seconds. Until then,
        requests can still go to the containers that these workers know.
    :raises RolloutFailed: for a proxy that cannot be reloaded, for example because it refuses its configuration now.
    """
    proxies = [name for name, spec in services.items() if needs_reload(spec)]
    existing = containers.find() if proxies else {}
    for name in proxies:
        ids = [container.id for container in existing.get(name, []) if container.state == "running"]
        if not ids:
            continue
        with journal.part(step, "reload", name, end_text="reloaded; resolves the names in its configuration again"):
            try:
                _reload(_PROGRAMS[str(services[name]["own_proxy"])], ids, wait_for_workers)
            except DockerError as error:
                raise RolloutFailed(f"service '{name}': the proxy cannot be reloaded: {error}", error.detail) from None


def _reload(program: _Program, ids: Iterable[str], wait_for_workers: bool) -> None:
    old_workers: list[int] = []
    for container_id in ids:
        if wait_for_workers:
            old_workers += _workers(program, container_id)
        if program.command:
            container_exec.execute(container_id, program.command)
        else:
            container_exec.send_sighup(container_id)
    deadline = time.monotonic() + _OLD_WORKERS_SECONDS
    # A worker that is left after this time has a download or a websocket. Its service finishes it before it stops.
    while any(_is_worker(program, container_exec.command_line(pid)) for pid in old_workers):
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)


def _workers(program: _Program, container_id: str) -> list[int]:
    # The first one is the main process.
    children = list(container_exec.processes(container_id).items())[1:]
    return [pid for pid, line in children if _is_worker(program, line)]


def _is_worker(program: _Program, command_line: str) -> bool:
    return re.match(rf"(\S*/)?{program.worker}", command_line) is not None
