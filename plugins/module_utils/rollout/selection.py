"""Which services a rollout replaces, and which containers are older than it.

Place in the pipeline: target, used by the steps of a rollout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    REPLACING,
    RUN_ONCE,
    START_FIRST,
    STOP_FIRST,
    replaced_services,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


class Selection:
    """Selects services and containers of one rollout by its transaction."""

    def __init__(
        self, services: Mapping[str, Mapping[str, Any]], tx: Transaction, containers: ProjectContainers
    ) -> None:
        """:param services: the services of the new manifest."""
        self._services = services
        self._tx = tx
        self._containers = containers

    def replaced(self, *replacements: str) -> list[str]:
        """Return the names of the services that get new containers in one of these ways."""
        return replaced_services(self._services, self._tx.plan, *replacements)

    def is_replaced(self, name: str) -> bool:
        """Return whether a service gets new containers, in any way."""
        return self._tx.plan[name] in REPLACING

    def changes_data(self, jobs: bool) -> bool:
        """Return whether a data service is replaced, or a job runs, which may migrate a database.

        :param jobs: whether this rollout runs the jobs of the services that it replaces.
        """
        if jobs and self.replaced(RUN_ONCE):
            return True
        return any(
            spec["class"] == "stateful" or (jobs and spec["release"])
            for name, spec in self._services.items()
            if self.is_replaced(name)
        )

    def is_old(self, container: Container) -> bool:
        """Return whether a container is older than the rollout."""
        return self._tx.existed_before(container.service, container.id)

    def is_kept(self, container: Container) -> bool:
        """Return whether a container belongs to the new release.

        The old containers of a service that gets new containers next to them do not: they stop in *finalize*.
        """
        return container.service not in self.replaced(START_FIRST, STOP_FIRST) or not self.is_old(container)

    def kept(self, names: list[str]) -> list[Container]:
        """Return the containers of these services that belong to the new release."""
        found = self._containers.find(self.is_kept)
        return [container for name in names for container in found.get(name, [])]
