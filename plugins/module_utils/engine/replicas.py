"""Create, start, stop and remove the containers of a service one by one. Compose alone would do all of it at once.

Place in the pipeline: target, rollout. Compose creates the containers, so they are the same as those of
``docker compose up``. The rollout decides when they start and stop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import restart, scheduled_services
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import COMMAND_SECONDS, Container

#: Seconds that stopping containers may take beyond their grace periods, and that removing them may take.
_STOP_MARGIN = 60.0
_UP = ("compose", "up", "--no-build", "--pull", "never")


def up_arguments(services: Iterable[str], recreate: bool = False, start: bool = True) -> list[str]:
    """Return the ``docker`` arguments with which Compose itself replaces *services* in place.

    :param recreate: replace them also if Compose sees no change.
    :param start: start the containers, too.
    """
    mode = "--detach" if start else "--no-start"
    return [*_UP, "--no-deps", *(["--force-recreate"] if recreate else []), mode, *services]


def create_arguments(
    additional: Mapping[str, int], existing: Mapping[str, int], services: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return the ``docker`` arguments that create *additional* containers next to the *existing* ones.

    The new containers are not started, and the old ones are not changed. The arguments also name the dependencies of
    the services. Without them, Compose (seen with 2.26) stores another digest of the service's definition in the
    container, and the next ``docker compose up`` replaces the container.

    :param additional: how many containers to create, by service.
    :param existing: how many containers exist, by service.
    :param services: the services of the manifest.
    """
    names = _with_dependencies(additional, services)
    counts = {name: existing.get(name, 0) + additional.get(name, 0) for name in names}
    # A dependency without a container is one that has completed. Without its count, Compose would create one.
    scale = [f"--scale={name}={count}" for name, count in counts.items()]
    return [*_UP, "--no-start", "--no-recreate", *scale, *additional]


def _with_dependencies(names: Iterable[str], services: Mapping[str, Mapping[str, Any]]) -> list[str]:
    result: dict[str, None] = {}
    pending = list(names)
    while pending:
        name = pending.pop(0)
        if name not in result:
            result[name] = None
            pending += services[name]["depends_on"]
    return list(result)


def start(containers: Collection[Container]) -> None:
    """Start existing containers."""
    if ids := [one.id for one in containers if not one.in_swarm]:
        restart.run(["start", *ids])
    scheduled_services.start([one for one in containers if one.in_swarm])


def stop(containers: Collection[Container]) -> None:
    """Stop containers, all at once: each gets its stop signal and its own grace period before it is killed."""
    if ids := [one.id for one in containers if not one.in_swarm]:
        restart.run(["stop", *ids], timeout=stop_limit(containers))
    scheduled_services.stop([one for one in containers if one.in_swarm], stop_limit(containers))


def stop_limit(containers: Iterable[Container]) -> float:
    """Return how many seconds :func:`stop` may take: the longest grace period and a minute."""
    return max((one.stop_grace for one in containers), default=0.0) + _STOP_MARGIN


def up_limit(replaced: Iterable[Container]) -> float:
    """Return how many seconds Compose may take to replace containers in place, without the start of their services."""
    return stop_limit(replaced) + COMMAND_SECONDS


def remove(containers: Collection[Container]) -> None:
    """Remove containers, running or not. Named volumes are kept."""
    if ids := [one.id for one in containers if not one.in_swarm]:
        restart.run(["rm", "--force", "--volumes", *ids])
    scheduled_services.remove([one for one in containers if one.in_swarm])
