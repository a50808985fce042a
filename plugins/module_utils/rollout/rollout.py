"""From one release to the next on this host, as a transaction: begin, prepare, switch, finalize.

Place in the pipeline: target, in a process of its own (``detach``). Every step is in the journal, and
``state/transaction.json`` says what there is to undo (``takeback``) for as long as there is a way back. After each
of the first three a rollout of several hosts waits for the others (``gate``).

- *begin*: pull, check the edge's configuration, data services, release jobs.
- *prepare*: new replicas beside the old, healthy.
- *switch*: the edge sends requests to the new replicas, confirmed over the wire; then services of which there must
  never be two; then proof of the whole. The old replicas still run.
- *finalize*: stop the old, make the release the current one, prune.
"""

from __future__ import annotations

import contextlib
import functools
import time
import traceback
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import assets, configuration, own_proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.confirmation import confirm
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, images, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import (
    ProjectContainers,
    start_groups,
)
from ansible_collections.slipway.stack.plugins.module_utils.release import data_loss, preflight
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    AT_SWITCH,
    IN_PLACE,
    REPLACING,
    RUN_ONCE,
    START_FIRST,
    STOP_FIRST,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.rollout import boot_unit, release_jobs
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import Barrier
from ansible_collections.slipway.stack.plugins.module_utils.rollout.cleanup import prune_host, remove_replaced
from ansible_collections.slipway.stack.plugins.module_utils.rollout.recovery import recover
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.state import audit
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction

#: Seconds in which the whole must prove itself before the old replicas may go.
_PROOF_SECONDS = 15.0


class Rollout:
    """One rollout of one release on this host."""

    def __init__(self, home: Home, order: RolloutOptions) -> None:
        """Begin.

        :raises RolloutFailed: when the release is not on this host.
        """
        manifest = home.manifest(order.release)
        if manifest is None:
            raise RolloutFailed(f"release {order.release} is not on this host")
        self._home = home
        self._order = order
        self._manifest = manifest
        self._folder = str(home.release(order.release))
        self._services: dict[str, dict[str, Any]] = manifest["services"]
        self._journal = Journal(home.journal, order.release)
        self._barrier = Barrier(home.barrier, order.release, self._journal, order.with_barriers, order.barrier_timeout)
        self._containers = ProjectContainers(manifest["stack"], self._journal)
        self._tx = Transaction(order.release, None, order.owner)
        #: Configurations of the edge that its proxy has checked.
        self._accepted: set[str] = set()

    def run(self) -> None:
        """Take every step; on a failure undo what was done. The journal's last record tells how it ended."""
        begun = time.monotonic()
        try:
            recover(self._home, self._containers, self._journal)
            try:
                self._begin()
                self._barrier.wait("ready")
                self._prepare()
                self._barrier.wait("prepared")
                self._switch()
                self._barrier.wait("proven")
                self._enter("switched")
            except Exception as error:
                self._fail(begun, error)
                return
            self._finalize(begun)
        except Exception as error:
            self._journal.write("rollout", "failed", f"broke off: {error or type(error).__name__}")
            self._journal.write("end", "failed", "The next deploy undoes or ends it")
            raise
        self._journal.write("end", "done", f"release {self._tx.release} is live: {self._journal.time_summary()}")

    def _fail(self, begun: float, error: Exception) -> None:
        """Tell why a step failed, and undo what was done."""
        reason = str(error)
        if not isinstance(error, (RolloutFailed, DockerError, EdgeError)):
            traceback.print_exc()
            reason = f"broke off: {reason or type(error).__name__}"
        self._journal.tolerate_write_errors()
        self._journal.write("rollout", "failed", reason, detail=getattr(error, "detail", ()))
        outcome = "Nothing was changed"
        if self._home.transaction.exists():
            outcome = revert(self._home, self._tx, self._containers, self._journal)
        with contextlib.suppress(OSError):
            audit.write(self._home, self._manifest, self._tx, "failed", time.monotonic() - begun, reason)
        self._journal.write("end", "failed", outcome)

    # Begin

    def _begin(self) -> None:
        found = self._containers.find()
        self._write_down(found)
        images.pull_missing(self._services, self._journal)
        data_loss.warn_about_anonymous_volumes(self._services, self._tx.plan, self._journal)
        self._check_edge(found)
        self._in_place("prepare", late=False)
        self._release_jobs()

    def _write_down(self, found: dict[str, list[Container]]) -> None:
        """Write down all that a way back needs, before anything is touched.

        :raises RolloutFailed: when the release may not replace what is there.
        """
        previous = self._home.current_id()
        live = self._home.manifest(previous)
        entries = plan(live, self._manifest, found, edge_changed=True)
        problems = preflight.check_data(self._services, self._manifest["stack"])
        problems += data_loss.refusals(entries, live, self._manifest, found, self._order.allow_downtime)
        if problems:
            raise RolloutFailed("; ".join(problems))
        self._tx = Transaction(
            release=self._tx.release,
            previous=previous,
            owner=self._tx.owner,
            edge_before=configuration.live_version(self._home),
            plan={entry["service"]: entry["action"] for entry in entries},
            old={name: [container.id for container in group] for name, group in found.items()},
        )
        self._enter("preparing")

    def _enter(self, phase: str) -> None:
        self._tx.phase = phase
        self._tx.save(self._home.transaction)

    def _touched(self, *manners: str) -> list[str]:
        """Return the services that get other containers and are replaced in one of these manners."""
        return [
            name
            for name, spec in self._services.items()
            if replacement(spec, self._tx.plan[name]) in manners and self._tx.plan[name] in (*REPLACING, "start")
        ]

    def _check_edge(self, found: dict[str, list[Container]]) -> None:
        name = edge_of(self._manifest)
        if name is None:
            return
        with self._journal.part("prepare", "test", name, end_text="configuration accepted"):
            trial = configuration.write_version(self._home, configuration.render(self._home, self._manifest, {}))
            same = self._tx.plan[name] not in ("create", "recreate")
            configuration.proxy(self._manifest).test(
                self._home, self._manifest, [trial], found.get(name, []) if same else []
            )
        boot_unit.ensure_enabled(self._journal)

    def _in_place(self, step: str, late: bool) -> None:
        names = self._touched(IN_PLACE, RUN_ONCE)
        wanted = {one: self._services[one] for one in names if bool(self._services[one].get("late")) == late}
        for group in start_groups(wanted):
            with self._journal.part(step, "start"):
                docker.run(replicas.up_arguments(group), cwd=self._folder)
                self._containers.wait({name: wanted[name] for name in group}, step)

    def _release_jobs(self) -> None:
        if self._tx.previous is None or self._tx.previous < self._tx.release:
            release_jobs.run_jobs(self._services, self._replaces, self._folder, self._journal, self._order.first_host)
        elif not self._order.compatible:
            release_jobs.run_checks(self._services, self._replaces, self._folder, self._journal)

    def _replaces(self, name: str) -> bool:
        return self._tx.plan[name] in REPLACING

    def _prepare(self) -> None:
        """Make the new containers beside the old, start those that may run beside them, and keep their assets."""
        names = self._touched(START_FIRST, STOP_FIRST)
        if names:
            self._make(names)
        live = self._home.manifest(self._tx.previous)
        old = functools.partial(self._containers.find, self._is_old)
        new = functools.partial(self._containers.find, self._counts)
        assets.keep_assets(self._home, [(live, old), (self._manifest, new)], self._journal)

    def _make(self, names: list[str]) -> None:
        wanted = {name: self._services[name]["replicas"] for name in names}
        there = {name: len(group) for name, group in self._containers.find().items()}
        with self._journal.part("prepare", "create"):
            docker.run(replicas.create_arguments(wanted, there, self._services), cwd=self._folder)
        self._keep_port()
        groups = start_groups({name: self._services[name] for name in self._touched(START_FIRST)})
        for group in groups:
            self._start("prepare", group, ahead=group is groups[-1])

    def _keep_port(self) -> None:
        """See to it that a new edge, which starts beside the old one, gets no requests before it can serve them."""
        name = edge_of(self._manifest)
        if name in self._touched(START_FIRST):
            old = self._containers.find_running().get(str(name), [])
            with self._journal.part("prepare", "hold port", name):
                configuration.proxy(self._manifest).hold_port(self._manifest, old, old)

    def _start(self, step: str, names: list[str], ahead: bool = False) -> None:
        """Start new containers, and wait; *ahead*: an edge that is not new checks what it gets next meanwhile."""
        with self._journal.part(step, "start"):
            replicas.start(self._new_ids(names))
            if ahead and edge_of(self._manifest) not in (None, *self._touched(START_FIRST, AT_SWITCH)):
                found = self._containers.find_running()
                self._accepted = configuration.test_ahead(self._home, self._manifest, found, self._aim(found))
            self._containers.wait({name: self._services[name] for name in names}, step, self._counts)

    def _counts(self, container: Container) -> bool:
        """Return whether a container is one of the new release's, rather than one that is about to go."""
        replaced = self._touched(START_FIRST, STOP_FIRST)
        return container.service not in replaced or not self._is_old(container)

    def _is_old(self, container: Container) -> bool:
        return self._tx.existed_before(container.service, container.id)

    def _new_ids(self, names: list[str]) -> list[str]:
        found = self._containers.find(self._counts)
        return [container.id for name in names for container in found.get(name, [])]

    # Switch

    def _switch(self) -> None:
        self._enter("switching")
        self._switch_edge()
        for name in self._touched(STOP_FIRST):
            with self._journal.part("switch", "stop", name):
                replicas.stop(self._tx.old.get(name, []))
            self._start("switch", [name])
        self._in_place("switch", late=True)
        self._follow()
        own_proxies.reload_proxies(self._services, self._containers, self._journal, "switch")
        self._prove()

    def _prove(self) -> None:
        gone = set(self._tx.old) - set(self._services)
        with self._journal.part("switch", "verify"):
            found = verify(
                self._manifest,
                _PROOF_SECONDS,
                lambda: self._containers.find(lambda one: self._counts(one) and one.service not in gone),
            )
            if found.problems:
                raise RolloutFailed("; ".join(found.problems), tuple(found.detail))

    def _switch_edge(self) -> None:
        name = edge_of(self._manifest)
        if name is None:
            return
        found = self._containers.find_running()
        final = self._aim(found)
        if name in self._touched(AT_SWITCH):
            old = self._containers.find(self._is_old)
            leaving = self._home.manifest(self._tx.previous)
            configuration.replace_proxy(
                self._home, leaving, self._manifest, self._tx.plan, old, self._containers, final, self._journal
            )
            confirm(self._manifest)
        elif final != configuration.live_version(self._home):
            replaced = [one for one in found.get(name, []) if name in self._touched(START_FIRST) and self._is_old(one)]
            configuration.apply(self._home, self._manifest, found, final, self._journal, replaced, self._accepted)
        else:
            confirm(self._manifest)
        self._journal.write("switch", "done", f"answers with release {self._tx.release}", name)

    def _follow(self) -> None:
        """Have the edge send requests to what has taken another's place, too."""
        if configuration.routed_services(self._manifest).isdisjoint(self._touched(STOP_FIRST, IN_PLACE)):
            return
        found = self._containers.find_running()
        final = self._aim(found)
        if final != configuration.live_version(self._home):
            configuration.apply(self._home, self._manifest, found, final, self._journal)

    def _aim(self, found: dict[str, list[Container]]) -> str:
        """Lay the edge's configuration down for the containers that get requests now, and return its name."""
        targets = {
            service: [one.name for one in group if self._counts(one) or service in self._touched(STOP_FIRST)]
            for service, group in found.items()
        }
        return configuration.write_version(self._home, configuration.render(self._home, self._manifest, targets))

    # Finalize

    def _finalize(self, begun: float) -> None:
        remove_replaced(self._home, self._tx, self._containers, self._journal)
        audit.write(self._home, self._manifest, self._tx, "ok", time.monotonic() - begun)
        prune_host(self._home, self._manifest["stack"], self._order.keep, self._journal)
