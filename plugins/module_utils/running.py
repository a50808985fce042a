"""The containers of one stack as they are, and waiting until they are as they should be.

Place in the pipeline: target, under every step of a rollout.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils import docker, health
from ansible_collections.slipway.stack.plugins.module_utils.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.health import Clock, Verdict
from ansible_collections.slipway.stack.plugins.module_utils.journal import Journal


class RolloutFailed(Exception):
    """A step failed. ``detail`` are the lines that show why."""

    def __init__(self, message: str, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.detail = detail


class Running:
    """The containers of the stack called *project*; what becomes of them is told to *journal*."""

    def __init__(self, project: str, journal: Journal, clock: Clock | None = None) -> None:
        self._project = project
        self._journal = journal
        self._clock = clock or Clock()

    def look(
        self, keep: Callable[[Container], bool] | None = None, services: Collection[str] | None = None
    ) -> dict[str, list[Container]]:
        """Return the containers of *services*, or of all, by service; only those that *keep* says yes to."""
        found = docker.containers(self._project, services)
        return health.by_service([container for container in found if keep is None or keep(container)])

    def up(self) -> dict[str, list[Container]]:
        """Return the containers that run, by service."""
        found = self.look()
        return {name: [one for one in group if one.state == "running"] for name, group in found.items()}

    def one_off(self) -> list[Container]:
        """Return the containers of commands that ran once, such as release jobs."""
        return [container for container in docker.containers(self._project) if container.oneoff]

    def remove_unused_networks(self) -> None:
        """Remove the stack's networks that no container is in; Compose makes those that a release has.

        An earlier release, or one that failed, may leave a network behind that the next release describes otherwise.
        Compose before 2.32 would use it as it is. Later versions stop the containers of all services that are to join
        it, and then fail, because these containers are not in it.
        """
        for name in docker.unused_networks(self._project):
            try:
                docker.run(["network", "rm", name])
            except DockerError as error:
                self._journal.write("recover", "failed", f"network {name} cannot be removed and stays: {error}")
                continue
            self._journal.write("recover", "done", f"network {name} removed, no container was in it")

    def wait(
        self,
        services: Mapping[str, Mapping[str, Any]],
        step: str,
        keep: Callable[[Container], bool] | None = None,
    ) -> None:
        """Wait until each of *services* is up, counting only containers that *keep* says yes to.

        :param services: by name, entries of a manifest.
        :raises RolloutFailed: when one is not, with its last log lines and what its probe said.
        """

        def report(name: str, verdict: Verdict, _seconds: float) -> None:
            if verdict.state == "up":
                self._journal.write(step, "done", verdict.reason, name)

        def look(pending: Collection[str]) -> dict[str, list[Container]]:
            return self.look(keep, pending)

        for name, verdict in health.wait(services, look, report, self._clock).items():
            if verdict.state == "down":
                raise RolloutFailed(f"service '{name}': {verdict.reason}", health.explain(verdict))


def names_of(found: Mapping[str, list[Container]]) -> dict[str, list[str]]:
    """Return the names of containers, by service."""
    return {service: [one.name for one in group] for service, group in found.items()}


def waves(services: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Return the names of services in groups, each group's needs all in earlier ones."""
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max(
                (of(other) for other in services[name]["depends_on"] if other in services), default=-1
            )
        return depth[name]

    groups: dict[int, list[str]] = {}
    for name in services:
        groups.setdefault(of(name), []).append(name)
    return [groups[number] for number in sorted(groups)]
