"""Revert a rollout that is not verified: the previous release serves again, and the new containers are removed.

Place in the pipeline: target. It undoes prepare and switch. It can be repeated safely.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, own_proxies, proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.proxy_replacement import replace_proxy
from ansible_collections.slipway.stack.plugins.module_utils.engine import replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    IN_PLACE,
    REPLACING,
    RUN_ONCE,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.rollout import data_upgrade, in_place, lifecycle
from ansible_collections.slipway.stack.plugins.module_utils.state import reserve
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, discard_staged, link
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


def revert(home: Home, tx: Transaction, containers: ProjectContainers, journal: Journal) -> str:
    """Revert the rollout *tx* from any phase before ``switched``, and return a sentence about the outcome.

    No step depends on a write that a full disk prevents.
    """
    journal.tolerate_write_errors()
    reserve.release(home.reserve)
    found = home.read_manifest(tx.previous) if tx.previous else None
    if found and found.value is None:
        # Without it nobody knows what ran before. Nothing must be removed.
        reason = found.problem or f"release {tx.previous} is no longer on this host"
        return f"Release {tx.previous} could not be restored: {reason}. All containers are left as they are"
    previous = found.value if found else None
    text = "reverting to the previous release" if previous else "removing the containers of the first release"
    journal.write("revert", "started", text)
    try:
        new_services = (home.manifest(tx.release) or {"services": {}})["services"]
        # A killed release job leaves its container. Other one-off containers were started by a person and are kept.
        jobs = {spec["release"] for spec in new_services.values()}
        left = [container for container in containers.find_one_off() if container.service in jobs]
        for job in left:
            if job.state == "running":
                journal.write("revert", "started", f"stopping {job.name}, which still runs", job.service)
        _remove(home, left, journal)
        created = _created_containers(tx, new_services, containers)
        data_upgrade.undo(home, tx, str(found.value["stack"]) if found and found.value else "", journal)
        if previous is None:
            _remove(home, created, journal)
        else:
            _Revert(home, tx, containers, journal, previous, new_services, created).run()
        _restore_current(home, tx)
    except (RolloutFailed, DockerError, EdgeError, OSError) as error:
        return f"Release {tx.previous} could not be restored either: {error}"
    discard_staged(home.current)
    with contextlib.suppress(OSError):
        # On a disk that became read-only, the next deploy reverts once more, without a change.
        home.transaction.unlink(missing_ok=True)
    if previous is None:
        return "There is no previous release; the new containers were removed, data was kept"
    return f"Release {tx.previous} keeps serving"


def _restore_current(home: Home, tx: Transaction) -> None:
    """Make the previous release the live one, if the rollout came to its end but could not record it."""
    if home.current_id() == tx.release and tx.previous is None:
        home.current.unlink()
    elif tx.previous and home.current_id() == tx.release != tx.previous:
        link(home.current, f"releases/{tx.previous}")


def _remove(home: Home, containers: list[Container], journal: Journal) -> None:
    if containers:
        with journal.part("revert", "stop", limit=replicas.stop_limit(containers)):
            # A release job is a container of its own, without the hooks of its service.
            lifecycle.before_stop(home, [one for one in containers if not one.oneoff], journal, "revert")
            replicas.stop(containers)
            replicas.remove(containers)


def _created_containers(
    tx: Transaction, new_services: Mapping[str, Any], containers: ProjectContainers
) -> list[Container]:
    """Return the containers that the rollout created and that the revert removes.

    Containers of data services are kept if the service had others before: Compose replaced those in place. A one-shot
    of the new release is removed, also if it still runs. That of the previous release has completed, and is not
    restored: it would run again.
    """
    return [
        container
        for name, group in containers.find().items()
        for container in group
        if name in new_services
        and not tx.existed_before(name, container.id)
        and (new_services[name]["class"] != "stateful" or not tx.old.get(name))
    ]


@dataclass(frozen=True)
class _Revert:
    """Restores the edge and the containers of the previous release.

    ``previous``: its manifest. ``new_services``: the services of the release that is reverted. ``created``: the
    containers that its rollout created.
    """

    home: Home
    tx: Transaction
    containers: ProjectContainers
    journal: Journal
    previous: Mapping[str, Any]
    new_services: Mapping[str, Any]
    created: list[Container]

    def run(self) -> None:
        """Restore replaced services and the edge, remove the new containers, and start the stopped old ones."""
        services = self.previous["services"]
        restored = self._restore_in_place(services)
        # Before the switch, the edge does not know the new release.
        if edge_of(self.previous) and self.tx.edge_before and self.tx.phase == "switching":
            self._restore_edge()
        existing = {one.id for group in self.containers.find().values() for one in group}
        removed = [one for one in self.created if one.service not in restored and one.id in existing]
        _remove(self.home, removed, self.journal)
        with self.journal.part("revert", "start"):
            lifecycle.start(services, self._stopped(services), self.journal, "revert", fail=False)
            # One-shot services are neither undone nor run again.
            waited = {name: spec for name, spec in services.items() if replacement(spec) != RUN_ONCE}
            self.containers.wait(waited, "revert")
        own_proxies.reload_proxies(services, self.containers, self.journal, "revert")

    def _restore_in_place(self, services: Mapping[str, Any]) -> list[str]:
        """Let Compose restore the services that the rollout replaced in place, and return their names."""
        names = [
            name
            for name, spec in services.items()
            if self.tx.plan.get(name) in REPLACING
            and replacement(spec) != RUN_ONCE
            and (replacement(spec) == IN_PLACE or self._was_replaced(name))
        ]
        if names:
            restored = {name: services[name] for name in names}
            # Those in the namespace of another come after it.
            joined = in_place.members(restored, names)[::-1]
            groups = [[name for name in names if name not in joined], *([name] for name in joined)]
            limit = replicas.up_limit(one for name in names for one in self.containers.find().get(name, []))
            with self.journal.part("revert", "start", limit=limit):
                release = in_place.Release(
                    self.home, str(self.tx.previous), self.journal, "revert", self._is_new, limit, restored=True
                )
                for group in groups:
                    in_place.up(restored, group, self.containers, release)
        return names

    def _is_new(self, container: Container) -> bool:
        return not self.tx.existed_before(container.service, container.id)

    def _was_replaced(self, name: str) -> bool:
        """Return whether Compose replaced all old containers of a service in place.

        The new definition can require that, for example with a published port, even if the old one does not.
        """
        old = self.tx.old.get(name, [])
        existing = {one.id for one in self.containers.find().get(name, [])}
        replaced_in_place = name in self.new_services and replacement(self.new_services[name]) == IN_PLACE
        return replaced_in_place and existing.isdisjoint(old)

    def _stopped(self, services: Mapping[str, Any]) -> list[Container]:
        """Return the containers of the previous release that are not running and should be."""
        return [
            container
            for name, group in self.containers.find().items()
            for container in group
            if container.state != "running"
            and self.tx.existed_before(name, container.id)
            and services.get(name, {}).get("replicas")
            and replacement(services[name]) != RUN_ONCE
        ]

    def _restore_edge(self) -> None:
        """Make the edge of the previous release answer with its previous configuration."""
        name = str(edge_of(self.previous))
        version = str(self.tx.edge_before)
        action = self.tx.plan.get(name)
        if action == "roll":
            running = self.containers.find_running().get(name, [])
            old = [one for one in running if self.tx.existed_before(name, one.id)]
            proxies.proxy(self.previous).resume_accepting(self.previous, running, old)
            with self.journal.part("revert", "stop", name):
                # Both edges share the port, so the new one would still answer.
                replicas.stop([container for container in self.created if container.service == name])
        elif action not in ("reload", "unchanged"):
            removable = self.containers.find(self._is_new)
            new_manifest = self.home.manifest(self.tx.release)
            replace_proxy(
                self.home,
                new_manifest,
                self.previous,
                self.tx.plan,
                removable,
                self.containers,
                version,
                self.journal,
            )
        configuration.restore(self.home, self.previous, self.containers.find_running(), version, self.journal)
