"""Replace services in place, and those in their namespaces together with them.

Place in the pipeline: target, begin, switch and revert. Compose replaces the containers. It sees that a container is in
the namespace of one that no longer exists. It does not see that the other one was only started again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import replicas, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import job_seconds, left_behind
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import NAMESPACES
from ansible_collections.slipway.stack.plugins.module_utils.release.followers import follows
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal


def members(services: Mapping[str, Mapping[str, Any]], leaders: Collection[str]) -> list[str]:
    """Return those of *services* that are in a namespace of one of *leaders*, also in that of another member.

    The order is that in which they stop: a member of a member is before it.

    :param services: those that are replaced in place, in the order of their start.
    """
    result: list[str] = []
    for name, spec in services.items():
        keys = {key for leader, used in follows(spec).items() if leader in (*leaders, *result) for key in used}
        if keys & set(NAMESPACES):
            result.append(name)
    return result[::-1]


def stop_members(
    services: Mapping[str, Mapping[str, Any]],
    leaders: Collection[str],
    containers: ProjectContainers,
    journal: Journal,
    step: str,
) -> None:
    """Stop the services in the namespaces of *leaders*: their requests must end before their network does."""
    names = members(services, leaders)
    running = containers.find_running() if names else {}
    for name in names:
        if found := running.get(name):
            text = f"stopping with {', '.join(leaders)}, whose namespace it is in"
            with journal.part(step, "stop", name, start_text=text, limit=replicas.stop_limit(found)):
                replicas.stop(found)


def up(
    services: Mapping[str, Mapping[str, Any]],
    names: Collection[str],
    containers: ProjectContainers,
    folder: str,
    limit: float,
) -> None:
    """Let Compose replace the services *names* in place.

    :param folder: the directory of their release.
    :param limit: seconds that each command may take.
    :raises DockerError: if Compose fails, or takes longer.
    """
    found = containers.find(services=names)
    lost = [name for name in names if any(left_behind(services[name], one) for one in found.get(name, []))]
    rest = [name for name in names if name not in lost]
    if rest:
        restart.run(replicas.up_arguments(rest), cwd=folder, timeout=limit)
    if lost:
        restart.run(replicas.up_arguments(lost, recreate=True), cwd=folder, timeout=limit)


def announce_jobs(
    services: Mapping[str, Mapping[str, Any]], names: Collection[str], journal: Journal, step: str
) -> None:
    """Write to the journal which of the services *names* run to completion, and how long each of them may take."""
    for name in names:
        if services[name]["class"] == "oneshot":
            limit = job_seconds(services[name])
            journal.write(step, "started", "running", name, part="job", limit=limit)
