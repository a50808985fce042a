"""Everything that runs for a stack as far as this host knows it: its containers here, and what a Swarm runs.

Place in the pipeline: target. A host that is no manager of a Swarm knows its own containers only.
"""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check, scheduled_services
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container


def find(stack: str, services: Collection[str] | None = None) -> list[Container]:
    """Return the containers of a stack, stopped ones included, and the tasks of its services in the Swarm.

    :param services: only those of these services.
    :raises DockerError: if the engine does not answer.
    """
    return [*docker.containers(stack, services), *scheduled_services.containers(stack, services)]


def by_service(stack: str) -> dict[str, list[Container]]:
    """Return what :func:`find` does by service, without one-off runs such as release jobs."""
    return health_check.by_service(find(stack))


def addresses(container: Container) -> set[str]:
    """Return the addresses of a container in its networks, or those of all tasks of its service in the Swarm."""
    return (scheduled_services if container.in_swarm else docker).addresses(container.id)
