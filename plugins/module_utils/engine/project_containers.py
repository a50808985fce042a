"""The containers of one stack: find them by service, and wait until they are up.

Place in the pipeline: target, used by every step of a rollout.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import Clock, Verdict
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed


class ProjectContainers:
    """The containers of the Compose project *project*. While it waits, it writes to *journal* which service is up."""

    def __init__(self, project: str, journal: Journal, clock: Clock | None = None) -> None:
        self._project = project
        self._journal = journal
        self._clock = clock or Clock()

    def find(
        self, keep: Callable[[Container], bool] | None = None, services: Collection[str] | None = None
    ) -> dict[str, list[Container]]:
        """Return containers by service, with stopped ones and without one-off runs.

        :param keep: a filter; without it every container counts.
        :param services: the services to ask for; all of them if not given.
        """
        containers = docker.containers(self._project, services)
        return health_check.by_service([container for container in containers if keep is None or keep(container)])

    def find_running(self) -> dict[str, list[Container]]:
        """Return the running containers by service."""
        return {name: [one for one in group if one.state == "running"] for name, group in self.find().items()}

    def find_one_off(self) -> list[Container]:
        """Return the containers of one-off runs, such as release jobs."""
        return [container for container in docker.containers(self._project) if container.oneoff]

    def remove_unused_networks(self) -> None:
        """Remove the stack's networks without containers. Compose creates the networks of a release.

        An earlier or failed release may leave a network that the next release describes differently. Compose before
        2.32 uses it as it is. Later versions stop the containers of all services that join it, and then fail, because
        these containers are not in it.
        """
        for name in docker.unused_networks(self._project):
            try:
                docker.run(["network", "rm", name])
            except DockerError as error:
                self._journal.write("recover", "failed", f"network {name} cannot be removed: {error}")
                continue
            self._journal.write("recover", "done", f"network {name} removed, because no container is in it")

    def wait(
        self,
        services: Mapping[str, Mapping[str, Any]],
        step: str,
        keep: Callable[[Container], bool] | None = None,
    ) -> None:
        """Wait until all *services* are up. Only containers for which *keep* is true count.

        :param services: services of a manifest, by name.
        :raises RolloutFailed: if one goes down or is not up in time. ``detail`` has its last log lines and the output
            of its health check.
        """

        def report(name: str, verdict: Verdict, _seconds: float) -> None:
            if verdict.state == "up":
                self._journal.write(step, "done", verdict.reason, name)

        def find_pending(pending: Collection[str]) -> dict[str, list[Container]]:
            return self.find(keep, pending)

        for name, verdict in health_check.wait_until_up(services, find_pending, report, self._clock).items():
            if verdict.state == "down":
                raise RolloutFailed(f"service '{name}': {verdict.reason}", health_check.diagnostics(verdict))


def container_names(containers: Mapping[str, list[Container]]) -> dict[str, list[str]]:
    """Return the names of *containers* by service."""
    return {service: [one.name for one in group] for service, group in containers.items()}


def start_groups(services: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Return the names of *services* in groups to start one after the other: a group depends only on earlier groups."""
    depth: dict[str, int] = {}

    def depth_of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max(
                (depth_of(other) for other in services[name]["depends_on"] if other in services), default=-1
            )
        return depth[name]

    groups: dict[int, list[str]] = {}
    for name in services:
        groups.setdefault(depth_of(name), []).append(name)
    return [groups[number] for number in sorted(groups)]
