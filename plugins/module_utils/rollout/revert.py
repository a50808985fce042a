"""The way back from a rollout that is not proven: the previous release serves again, what was made is removed.

Place in the pipeline: target; the undo of prepare and switch, safe to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, own_proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    IN_PLACE,
    REPLACING,
    RUN_ONCE,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


def revert(home: Home, tx: Transaction, containers: ProjectContainers, journal: Journal) -> str:
    """Undo the rollout *tx* as far as it came, and return a sentence on what serves now."""
    previous = home.manifest(tx.previous)
    journal.write("revert", "started", "taking the new release back")
    try:
        release = home.manifest(tx.release) or {"services": {}}
        # A release job that was killed leaves its container behind; what else ran once is a person's.
        jobs = {spec["release"] for spec in release["services"].values()}
        replicas.remove([container.id for container in containers.find_one_off() if container.service in jobs])
        made = _made(tx, release["services"], containers)
        if previous is None:
            _away([container.id for container in made], journal)
        else:
            _WayBack(home, tx, containers, journal, previous, release["services"], made).go()
    except (RolloutFailed, DockerError, EdgeError, OSError) as error:
        return f"Release {tx.previous} could not be put back either: {error}"
    home.transaction.unlink(missing_ok=True)
    if previous is None:
        return "There was no release before; its containers were removed, data was kept"
    return f"Release {tx.previous} keeps serving"


def _away(ids: list[str], journal: Journal) -> None:
    with journal.part("revert", "stop"):
        replicas.stop(ids)
        replicas.remove(ids)


def _made(tx: Transaction, services: Mapping[str, Any], containers: ProjectContainers) -> list[Container]:
    """Return the containers that the rollout made.

    Those of data services and of commands that run once are left out where there were others before: Compose replaced
    them in place.
    """
    return [
        container
        for name, group in containers.find().items()
        for container in group
        if name in services
        and not tx.existed_before(name, container.id)
        and (services[name]["class"] not in ("stateful", "oneshot") or not tx.old.get(name))
    ]


@dataclass(frozen=True)
class _WayBack:
    """Brings the edge and the containers of the previous release back to what they were.

    ``previous``: its manifest. ``leaving``: the services of the rollout that is taken back, ``made`` its containers.
    """

    home: Home
    tx: Transaction
    containers: ProjectContainers
    journal: Journal
    previous: Mapping[str, Any]
    leaving: Mapping[str, Any]
    made: list[Container]

    def go(self) -> None:
        """Undo it: what was replaced in place, the edge, what was made, what was stopped."""
        services = self.previous["services"]
        in_place = self._put_in_place(services)
        # Before the switch the edge knows nothing of the new release.
        if edge_of(self.previous) and self.tx.edge_before and self.tx.phase == "switching":
            self._turn_edge()
        there = {one.id for group in self.containers.find().values() for one in group}
        _away([one.id for one in self.made if one.service not in in_place and one.id in there], self.journal)
        with self.journal.part("revert", "start"):
            replicas.start(self._stopped(services))
            # What runs once is not undone, and not done again.
            self.containers.wait(
                {name: spec for name, spec in services.items() if replacement(spec) != RUN_ONCE}, "revert"
            )
        own_proxies.reload_proxies(services, self.containers, self.journal, "revert")

    def _put_in_place(self, services: Mapping[str, Any]) -> list[str]:
        """Bring back what the rollout replaced in place, and return the names of these services."""
        in_place = [
            name
            for name, spec in services.items()
            if self.tx.plan.get(name) in REPLACING and (replacement(spec) == IN_PLACE or self._has_gone(name))
        ]
        if in_place:
            with self.journal.part("revert", "start"):
                docker.run(replicas.up_arguments(in_place), cwd=str(self.home.release(str(self.tx.previous))))
        return in_place

    def _has_gone(self, name: str) -> bool:
        """Return whether Compose put new containers of a service in the place of all that there were.

        It may have been another service then, without a port of the host or data.
        """
        old = self.tx.old.get(name, [])
        there = {one.id for one in self.containers.find().get(name, [])}
        return name in self.leaving and replacement(self.leaving[name]) == IN_PLACE and there.isdisjoint(old)

    def _stopped(self, services: Mapping[str, Any]) -> list[str]:
        """Return the ids of the previous release's containers that should run and do not."""
        return [
            container.id
            for name, group in self.containers.find().items()
            for container in group
            if container.state != "running"
            and self.tx.existed_before(name, container.id)
            and services.get(name, {}).get("replicas")
            and replacement(services[name]) != RUN_ONCE
        ]

    def _turn_edge(self) -> None:
        """Have the edge of the previous release answer with the configuration that it had."""
        name = str(edge_of(self.previous))
        before = str(self.tx.edge_before)
        action = self.tx.plan.get(name)
        if action == "roll":
            both = self.containers.find_running().get(name, [])
            old = [one for one in both if self.tx.existed_before(name, one.id)]
            configuration.proxy(self.previous).resume_accepting(self.previous, both, old)
            with self.journal.part("revert", "stop", name):
                # It would go on answering through the port that both have.
                replicas.stop([container.id for container in self.made if container.service == name])
        elif action not in ("reload", "unchanged"):
            new = self.containers.find(lambda one: not self.tx.existed_before(one.service, one.id))
            replaced = self.home.manifest(self.tx.release)
            configuration.replace_proxy(
                self.home, replaced, self.previous, self.tx.plan, new, self.containers, before, self.journal
            )
        configuration.apply(self.home, self.previous, self.containers.find_running(), before, self.journal)
