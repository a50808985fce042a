"""The services that a Swarm runs for a stack: read as containers, created, started, stopped and removed.

Place in the pipeline: target, on a manager. To a rollout, a service of the Swarm is what a container is: it is created
without a task beside the old one, and then started, which means scaled to its replicas. Its name is that of the stack's
service and of the release that created it, so old and new tasks are told apart, and the edge names one of them. Each
function can be repeated, also by several managers at the same time.
"""

from __future__ import annotations

import contextlib
import json
import time
import urllib.parse
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Callable

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, notation, program, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch

#: The labels of a service of the Swarm: its stack, its name there, the release that created it, and how many tasks it
#: has when it is started.
STACK, SERVICE, RELEASE, REPLICAS = "slipway.stack", "slipway.service", "slipway.release", "slipway.replicas"
#: What the engine of a node says that cannot be asked for services.
_NO_MANAGER = ("not a swarm manager", "not part of a swarm")
#: States of a task that has ended, or never began.
_ENDED = ("complete", "failed", "rejected", "shutdown", "orphaned", "remove")
_FAILED = ("failed", "rejected")
#: What containers call the states of a task.
_STATES = {"running": "running", "complete": "exited", "failed": "exited", "rejected": "exited"}
_SECOND = 1_000_000_000
_INTERVAL = 0.3
#: How often a change is repeated that another manager has crossed with one of its own.
_TRIES = 5


def short_name(service: str, release: str) -> str:
    """Return the name of the service of the Swarm for a service and the release that creates it, without the stack."""
    return f"{service}-{release.rpartition('-')[2]}"


def containers(stack: str, services: Collection[str] | None = None) -> list[Container]:
    """Return the tasks of a stack as containers, sorted by name; none if this host is no manager.

    ``id`` and ``name`` are those of the service of the Swarm, the same for all of its tasks. A service that has no task
    yet, or that was stopped, counts as one container that was created.

    :param services: only tasks of these services of the stack.
    :raises DockerError: if the engine does not answer, or if the managers have no leader.
    """
    found = [one for one in _services(stack) if services is None or _label(one) in services]
    tasks = _tasks([one["ID"] for one in found])
    result = [
        container
        for one in found
        for container in _containers(stack, one, [task for task in tasks if task["ServiceID"] == one["ID"]])
    ]
    return sorted(result, key=lambda container: container.name)


def tasks_here(stack: str) -> list[Container]:
    """Return the containers of a stack's tasks on this host, manager or not, with those that have ended.

    Their names are those of the services in the Swarm with the number of the task.

    :raises DockerError: if the engine does not answer.
    """
    result = []
    for one in docker.get(f"/containers/json?all=1&filters={_query({'label': [f'{STACK}={stack}']})}"):
        if found := docker.inspect(one["Id"]):
            name = found.name.removeprefix(f"{stack}_").rpartition(".")[0]
            result.append(replace(found, name=name, service=str(one["Labels"].get(SERVICE, ""))))
    return result


def addresses(service_id: str) -> set[str]:
    """Return the IPv4 addresses of the tasks of a service in its networks."""
    return {
        str(address).partition("/")[0]
        for task in _tasks([service_id])
        if task["Status"]["State"] not in _ENDED
        for network in task.get("NetworksAttachments") or []
        for address in network.get("Addresses") or []
    }


def create(stack: str, document: Mapping[str, Any]) -> None:
    """Create services with their secrets and files, as ``docker stack deploy`` does.

    :param document: a Compose file of a stack, as data.
    :raises DockerError: if Docker refuses it.
    """
    # Each image is named by its digest. Nodes that need a login to pull it get that of this host.
    words = ["docker", "stack", "deploy", "--compose-file=-", "--with-registry-auth", "--resolve-image=never", stack]
    done = program.run(words, docker.COMMAND_SECONDS, text=json.dumps(document))
    if done.returncode:
        raise docker.command_error("docker stack", done.returncode, done.stdout, done.stderr)


def start(services: Iterable[Container]) -> None:
    """Scale services to the replicas that their release describes."""
    _change(services, _scale_arguments)


def stop(services: Iterable[Container], seconds: float) -> None:
    """Scale services to zero, and wait until their last process has ended.

    :param seconds: the longest that it may take. :raises DockerError: if it takes longer.
    """
    services = list(services)
    _change(services, lambda found: _scale_arguments(found, 0))
    deadline = time.monotonic() + seconds
    while left := [one for one in _tasks({one.id for one in services}) if one["Status"]["State"] not in _ENDED]:
        if time.monotonic() > deadline:
            states = ", ".join(sorted({str(task["Status"]["State"]) for task in left}))
            raise DockerError(f"{len(left)} tasks of the Swarm have not stopped within {seconds:.0f} s ({states})")
        watch.check()
        time.sleep(_INTERVAL)


def remove(services: Iterable[Container]) -> None:
    """Remove services. Their tasks get the stop signal and their grace period."""
    _change(services, lambda found: ["service", "rm", *(one["ID"] for one in found)])


def _scale_arguments(found: Sequence[Mapping[str, Any]], replicas: int | None = None) -> list[str]:
    """Return the arguments that scale services: to what their label says, or to a number."""
    counts = (one["Spec"]["Labels"][REPLICAS] if replicas is None else replicas for one in found)
    return ["service", "scale", "--detach", *(f"{one['ID']}={count}" for one, count in zip(found, counts))]


def _change(services: Iterable[Container], arguments: Callable[[list[dict[str, Any]]], list[str]]) -> None:
    """Run a command on those of the services that still exist. Other managers may do the same at this moment.

    :raises DockerError: if Docker refuses it all the same.
    """
    ids = dict.fromkeys(one.id for one in services)
    for tries_left in reversed(range(_TRIES)):
        found = [one for one in (docker.get(f"/services/{service}") for service in ids) if one]
        try:
            if found:
                restart.run(arguments(found))
            return
        except DockerError:
            if not tries_left:
                raise
        time.sleep(_INTERVAL)


def prune(stack: str) -> None:
    """Remove the secrets and files of a stack in the Swarm that none of its services has.

    :raises DockerError: if Docker refuses it.
    """
    specs = [one["Spec"]["TaskTemplate"]["ContainerSpec"] for one in _services(stack)]
    filters = _query({"label": [f"{STACK}={stack}"]})
    for kind, key, word in (("Secrets", "SecretID", "secret"), ("Configs", "ConfigID", "config")):
        used = {one[key] for spec in specs for one in spec.get(kind) or []}
        unused = [one["ID"] for one in docker.get(f"/{kind.lower()}?filters={filters}") or [] if one["ID"] not in used]
        # Another manager may remove them at the same time.
        with contextlib.suppress(DockerError):
            if unused:
                restart.run([word, "rm", *unused])


def _services(stack: str) -> list[dict[str, Any]]:
    try:
        return list(docker.get(f"/services?filters={_query({'label': [f'{STACK}={stack}']})}") or [])
    except DockerError as error:
        if any(text in str(error).lower() for text in _NO_MANAGER):
            return []
        raise


def _query(filters: Mapping[str, Any]) -> str:
    return urllib.parse.quote(json.dumps(filters))


def _tasks(ids: Collection[str]) -> list[dict[str, Any]]:
    """Return the tasks of services, oldest first, with those that have ended."""
    found = docker.get(f"/tasks?filters={_query({'service': list(ids)})}") if ids else None
    return sorted(found or [], key=lambda one: str(one["CreatedAt"]))


def _containers(stack: str, service: Mapping[str, Any], tasks: list[dict[str, Any]]) -> list[Container]:
    wanted = int(((service["Spec"].get("Mode") or {}).get("Replicated") or {}).get("Replicas") or 0)
    slots: dict[int, list[dict[str, Any]]] = {}
    for task in tasks:
        slots.setdefault(int(task.get("Slot") or 0), []).append(task)
    # A task that is to end has a successor in its slot soon, unless the service was scaled.
    by_life = sorted(slots.values(), key=lambda group: group[-1].get("DesiredState") == "shutdown")
    restarts = max((sum(task["Status"]["State"] in _FAILED for task in group) for group in by_life), default=0)
    return [_container(stack, service, group[-1], restarts) for group in by_life[:wanted]] or [
        _container(stack, service, {}, 0)
    ]


def _container(stack: str, service: Mapping[str, Any], task: Mapping[str, Any], restarts: int) -> Container:
    """Return a task as a container. :param task: empty for none. :param restarts: how often one slot has failed."""
    spec, labels = service["Spec"]["TaskTemplate"]["ContainerSpec"], service["Spec"].get("Labels") or {}
    status = task.get("Status") or {}
    state, said = str(status.get("State") or "created"), str(status.get("Err") or "").strip()
    health = (spec.get("Healthcheck") or {}).get("Test") not in (None, [], ["NONE"])
    since = str(status.get("Timestamp") or service["CreatedAt"])
    is_running = state == "running"
    return Container(
        id=service["ID"],
        name=str(service["Spec"]["Name"]).removeprefix(f"{stack}_"),
        service=_label(service),
        oneoff=False,
        image=str(spec.get("Image", "")),
        state=_STATES.get(state, f"{state} ({said})" if said else state),
        exit_code=int((status.get("ContainerStatus") or {}).get("ExitCode") or 0),
        restarts=restarts,
        # A Swarm calls a task running when its health check has passed, and ends it when the check fails.
        health=("healthy" if is_running else "starting") if health else None,
        probe_output=said,
        started_at=since,
        stop_grace=float(spec.get("StopGracePeriod") or 10 * _SECOND) / _SECOND,
        release=str(labels.get(RELEASE, "")),
        check_seconds=notation.check_seconds(spec.get("Healthcheck") or {}),
        uptime=notation.seconds_since(since) if is_running else 0.0,
        in_swarm=True,
    )


def _label(service: Mapping[str, Any]) -> str:
    return str((service["Spec"].get("Labels") or {}).get(SERVICE, ""))
