"""The containers of one stack: find them by service, and wait until they are up.

Place in the pipeline: target, used by every step of a rollout.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import (
    all_containers,
    docker,
    health_check,
    restart,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import Clock, Verdict
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed


class ProjectContainers:
    """The containers of the Compose project *project*. While it waits, it writes to *journal* which service is up."""

    def __init__(self, project: str, journal: Journal, clock: Clock | None = None) -> None:
        self._project = project
        self._journal = journal
        self._clock = clock or Clock()
        #: Services that are up, but have not run for their ``min_uptime`` yet.
        self._unsettled: dict[str, Mapping[str, Any]] = {}
        #: How often each container that was waited for had been restarted when it was up.
        self._restarts: dict[str, int] = {}

    def find(
        self, keep: Callable[[Container], bool] | None = None, services: Collection[str] | None = None
    ) -> dict[str, list[Container]]:
        """Return containers by service, with stopped ones and without one-off runs.

        :param keep: a filter; without it every container counts.
        :param services: the services to ask for; all of them if not given.
        """
        containers = restart.outlasting(lambda: all_containers.find(self._project, services))
        return health_check.by_service([container for container in containers if keep is None or keep(container)])

    def find_running(self) -> dict[str, list[Container]]:
        """Return the running containers by service."""
        return {name: [one for one in group if one.state == "running"] for name, group in self.find().items()}

    def find_one_off(self) -> list[Container]:
        """Return the containers of one-off runs, such as release jobs."""
        found = restart.outlasting(lambda: docker.containers(self._project))
        return [container for container in found if container.oneoff]

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
        settled: bool = True,
    ) -> None:
        """Wait until all *services* are up. Only containers for which *keep* is true count.

        :param services: services of a manifest, by name.
        :param settled: without it, do not wait until containers without a health check have run for some time. Then
            :meth:`wait_until_settled` does that for all of them at once.
        :raises RolloutFailed: if one goes down or is not up in time. ``detail`` has its last log lines and the output
            of its health check.
        """

        def report(name: str, verdict: Verdict, _seconds: float) -> None:
            if verdict.state == "up":
                self._journal.write(step, "done", verdict.reason, name)

        def find_pending(pending: Collection[str]) -> dict[str, list[Container]]:
            found = self.find(keep, pending)
            latest.update(found)
            return found

        latest: dict[str, list[Container]] = {}
        verdicts = health_check.wait_until_up(services, find_pending, report, self._clock, settled)
        for name, verdict in verdicts.items():
            if verdict.state == "down":
                raise RolloutFailed(f"service '{name}': {verdict.reason}", health_check.diagnostics(verdict))
            self._restarts.update({one.id: one.restarts for one in latest.get(name, [])})
            if verdict.state == "up" and health_check.judge(services[name], latest.get(name, [])).state != "up":
                self._unsettled[name] = services[name]

    def wait_until_settled(self, step: str, keep: Callable[[Container], bool] | None = None) -> None:
        """Wait until the services without a health check that are up have run for their ``min_uptime``, all at once.

        :raises RolloutFailed: as :meth:`wait`.
        """
        services, self._unsettled = self._unsettled, {}
        if services:
            text = f"watching {', '.join(services)} for restarts, because health checks do not tell"
            limit = max(float(spec["start_seconds"]) for spec in services.values()) + health_check.MARGIN
            with self._journal.part(step, "start", start_text=text, limit=limit):
                self.wait(services, step, keep)

    def check_restarts(self, found: Mapping[str, list[Container]]) -> None:
        """Check that no container has been restarted since the wait for it ended.

        :raises RolloutFailed: for one that was: its process crashes, and a health check between two crashes passes.
        """
        for name, group in found.items():
            for one in group:
                if one.restarts > self._restarts.get(one.id, one.restarts):
                    verdict = Verdict("down", f"{one.name} was restarted after it had been up", one)
                    raise RolloutFailed(f"service '{name}': {verdict.reason}", health_check.diagnostics(verdict))


def container_names(containers: Mapping[str, list[Container]]) -> dict[str, list[str]]:
    """Return the names of *containers* by service. All tasks of a service of a Swarm have the same."""
    return {service: list(dict.fromkeys(one.name for one in group)) for service, group in containers.items()}


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
