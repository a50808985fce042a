"""The rollout of a release on this host, as a transaction: begin, prepare, switch, finalize.

Place in the pipeline: target, in a process of its own (``detach``). Every step is in the journal.
``state/transaction.json`` has what a revert needs (``revert``), as long as a revert is possible. After each of the
first three steps a rollout of several hosts waits for the other hosts (``barrier``).

- *begin*: pull images, test the edge's configuration, replace data services, run release jobs.
- *prepare*: start new containers next to the old ones until they are healthy. With a canary, try them.
- *switch*: send requests to the new containers and confirm that over the wire; replace singletons; verify the whole
  release. The old containers still run.
- *finalize*: stop the old containers, clean up. The release is the live one from here on.
"""

from __future__ import annotations

import contextlib
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import assets, configuration, own_proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine import images, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import (
    ProjectContainers,
    start_groups,
)
from ansible_collections.slipway.stack.plugins.module_utils.release import data_loss, initial_values, integrity
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    IN_PLACE,
    RUN_ONCE,
    START_FIRST,
    STOP_FIRST,
)
from ansible_collections.slipway.stack.plugins.module_utils.rollout import (
    boot_unit,
    creation,
    data_changes,
    in_place,
    lifecycle,
    release_jobs,
)
from ansible_collections.slipway.stack.plugins.module_utils.rollout.account import Account
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import Barrier
from ansible_collections.slipway.stack.plugins.module_utils.rollout.cleanup import prune_host, remove_replaced
from ansible_collections.slipway.stack.plugins.module_utils.rollout.commit import commit, enter_phase, secure
from ansible_collections.slipway.stack.plugins.module_utils.rollout.detach import print_traceback
from ansible_collections.slipway.stack.plugins.module_utils.rollout.proxy_switch import EdgeSwitch
from ansible_collections.slipway.stack.plugins.module_utils.rollout.recovery import recover
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.rollout.selection import Selection
from ansible_collections.slipway.stack.plugins.module_utils.state import damage, reserve, transaction
from ansible_collections.slipway.stack.plugins.module_utils.state import outcome as outcome_of_release
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import LIVE, Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, discard_staged
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction

#: Seconds within which the whole release must be verified before the old containers stop.
_VERIFY_SECONDS = 15.0


class Rollout:
    """The rollout of one release on this host."""

    def __init__(self, home: Home, options: RolloutOptions, records: Journal | None = None) -> None:
        """:param records: the journal, if the rollout is a part of other work.

        :raises RolloutFailed: if the release is not on this host, or if a file that the rollout needs is damaged."""
        found = home.read_manifest(options.release)
        manifest = found.value
        if manifest is None:
            raise RolloutFailed(found.problem or f"release {options.release} is not on this host")
        if problems := [*damage.blocking(home), *integrity.problems(home, manifest)]:
            raise RolloutFailed("; ".join(problems))
        self._home = home
        self._options = options
        self._manifest = manifest
        self._services: dict[str, dict[str, Any]] = manifest["services"]
        self._folder = str(home.release(options.release))
        self.mask = masking(home)
        self._journal = records or Journal(home.journal, options.release, self.mask)
        self._barrier = Barrier(
            home.barrier, options.release, self._journal, options.with_barriers, options.barrier_timeout
        )
        self._containers = ProjectContainers(manifest["stack"], self._journal)
        # The selection and the edge use the same object. It is filled in *begin* and never replaced.
        self._tx = Transaction(options.release, None, options.owner, restart=list(options.restart))
        self._selection = Selection(self._services, self._tx, self._containers)
        self._account = Account(home, manifest, self._tx, options.tells, self.mask)
        self._edge = EdgeSwitch(
            home, manifest, self._tx, self._selection, self._containers, self._journal, options.canary
        )

    def run(self) -> None:
        """Run all steps, and revert if one fails. The journal's last record says how the rollout ended."""
        try:
            recover(self._home, self._containers, self._journal)
            watch.open(self._home.abort, self._options.release)
            try:
                self._begin()
                self._barrier.wait("ready")
                self._prepare()
                self._barrier.wait("prepared")
                self._switch()
                self._barrier.wait("proven")
                watch.close()
                commit(self._home, self._tx)
            except Exception as error:
                self._fail(error)
                return
            self._finalize()
        except Exception as error:
            self._journal.tolerate_write_errors()
            self._journal.write("rollout", "failed", _unexpected(error))
            self._account.break_off(_unexpected(error))
            self._journal.write("end", "failed", "The next deploy reverts or completes it")
            raise
        self._journal.write("end", "done", f"release {self._tx.release} is live: {self._journal.time_summary()}")

    def _fail(self, error: Exception) -> None:
        """Report why a step failed, and revert what was done."""
        watch.close()
        self._journal.tolerate_write_errors()
        reserve.release(self._home.reserve)
        reason = str(error)
        if not isinstance(error, (RolloutFailed, DockerError, EdgeError)):
            print_traceback(self.mask)
            reason = _unexpected(error)
        self._journal.write("rollout", "failed", reason, detail=getattr(error, "detail", ()))
        if self._tx.saved:
            # Not what the file says: it may have been damaged meanwhile.
            outcome = revert(self._home, self._tx, self._containers, self._journal)
        elif other := transaction.read(self._home.transaction).value:
            # This rollout has changed nothing yet, and does not know which containers are older than the other one.
            outcome = f"The interrupted rollout of {other.release} is still unfinished; the next deploy reverts it"
        else:
            discard_staged(self._home.current)
            outcome = "Nothing was changed"
        with contextlib.suppress(OSError):
            outcome_of_release.mark_failed(self._home, self._tx.release)
        self._account.end(self._journal, reason or type(error).__name__, outcome)
        self._journal.write("end", "failed", outcome)

    # Begin

    def _begin(self) -> None:
        existing = self._containers.find()
        self._save_transaction(existing)
        self._account.begin()
        images.pull_missing(self._services, self._journal, self._options.pull_timeout)
        data_loss.warn_about_anonymous_volumes(self._services, self._tx.plan, self._journal)
        self._edge.test_configuration(existing)
        if edge_of(self._manifest) or any(spec.get("follows") for spec in self._services.values()):
            boot_unit.ensure_enabled(self._journal)
        old, jobs = self._home.manifest(self._tx.previous), not self._goes_back()
        resume = data_changes.prepare(
            self._home, old, self._manifest, self._selection, self._tx, self._options, self._journal, jobs
        )
        self._replace_in_place("prepare", late=False)
        resume()
        self._run_release_jobs()

    def _save_transaction(self, existing: dict[str, list[Container]]) -> None:
        """Save everything that a revert needs, before anything is changed.

        :raises RolloutFailed: if the release must not replace the existing containers.
        """
        previous = self._home.current_id()
        old_manifest = self._home.manifest(previous)
        options = self._options
        entries = plan(old_manifest, self._manifest, existing, edge_changed=True, restart=options.restart)
        permitted = data_loss.Permissions(options.allow_downtime, options.changed_in_data, options.data_back)
        problems = data_loss.problems(self._home, entries, old_manifest, self._manifest, existing, permitted)
        if problems:
            raise RolloutFailed("; ".join(problems))
        self._tx.previous = previous
        self._tx.edge_before = configuration.live_version(self._home)
        self._tx.plan = {entry["service"]: entry["action"] for entry in entries}
        self._tx.old = {name: [container.id for container in group] for name, group in existing.items()}
        secure(self._home, self._tx)
        enter_phase(self._home, self._tx, "preparing")

    def _replace_in_place(self, step: str, late: bool) -> None:
        """Let Compose replace services in place and run one-shot services, in the order of their dependencies.

        :param late: replace the services that are replaced after the switch, or else all others.
        """
        names = self._selection.replaced(IN_PLACE, *([] if self._goes_back() else [RUN_ONCE]))
        services = {name: self._services[name] for name in names if bool(self._services[name].get("late")) == late}
        for group in start_groups(services):
            limit = replicas.up_limit(one for name in group for one in self._containers.find().get(name, []))
            in_place.stop_members(services, group, self._containers, self._home, self._journal, step)
            release = in_place.Release(self._home, self._tx.release, self._journal, step, self._is_outdated, limit)
            with self._journal.part(step, "start", limit=limit):
                in_place.up(services, group, self._containers, release)
                initial_values.record(self._home, self._manifest, group)
                in_place.announce_jobs(services, group, self._journal, step)
                self._containers.wait({name: services[name] for name in group}, step, settled=False)

    def _run_release_jobs(self) -> None:
        run = release_jobs.go_back if self._goes_back() else release_jobs.run_jobs
        run(self._services, self._selection.is_replaced, self._folder, self._journal, self._options)

    def _goes_back(self) -> bool:
        """Return whether the release is older than the live one. Then no job and no one-shot runs: it may migrate."""
        return self._tx.previous is not None and self._tx.previous > self._tx.release

    def _is_outdated(self, container: Container) -> bool:
        return self._selection.is_replaced(container.service) and self._selection.is_old(container)

    # Prepare

    def _prepare(self) -> None:
        names = self._selection.replaced(START_FIRST, STOP_FIRST)
        if names:
            creation.create(self._home, self._manifest, names, self._containers, self._journal)
        self._edge.hold_port()
        groups = start_groups({name: self._services[name] for name in self._selection.replaced(START_FIRST)})
        for group in groups:
            self._start_containers("prepare", group, test_edge=group is groups[-1])
        self._containers.wait_until_settled("prepare", self._selection.is_kept)
        self._keep_assets()
        self._edge.try_out()

    def _start_containers(self, step: str, names: list[str], test_edge: bool = False) -> None:
        """Start the new containers of these services, and wait until they are up.

        :param test_edge: use the wait to test the edge's next configuration.
        """
        with self._journal.part(step, "start"):
            lifecycle.start(self._services, self._selection.kept(names), self._journal, step)
            if test_edge:
                self._edge.test_ahead()
            waited = {name: self._services[name] for name in names}
            self._containers.wait(waited, step, self._selection.is_kept, settled=False)

    def _keep_assets(self) -> None:
        """Keep the assets of the old and the new release for the pages of both."""
        old = (self._home.manifest(self._tx.previous), lambda: self._containers.find(self._selection.is_old))
        new = (self._manifest, lambda: self._containers.find(self._selection.is_kept))
        assets.keep_assets(self._home, [old, new], self._journal)

    # Switch

    def _switch(self) -> None:
        enter_phase(self._home, self._tx, "switching")
        self._edge.switch()
        for name in self._selection.replaced(STOP_FIRST):
            old = self._containers.find(self._selection.is_old, [name]).get(name, [])
            with self._journal.part("switch", "stop", name, limit=replicas.stop_limit(old)):
                lifecycle.stop(self._home, old, self._journal, "switch", self._services)
            self._start_containers("switch", [name])
        self._replace_in_place("switch", late=True)
        self._edge.update_upstreams()
        own_proxies.reload_proxies(self._services, self._containers, self._journal, "switch")
        self._containers.wait_until_settled("switch", self._selection.is_kept)
        self._verify()

    def _verify(self) -> None:
        """Verify the whole release, without the containers that stop in *finalize*.

        :raises RolloutFailed: if it has a problem.
        """
        removed = set(self._tx.old) - set(self._services)

        def find_containers() -> dict[str, list[Container]]:
            found = self._containers.find(lambda one: self._selection.is_kept(one) and one.service not in removed)
            self._containers.check_restarts(found)
            return found

        with self._journal.part("switch", "verify"):
            verification = verify(self._home, self._manifest, _VERIFY_SECONDS, find_containers, starting=True)
            if verification.problems:
                raise RolloutFailed("; ".join(verification.problems), tuple(verification.detail))

    # Finalize

    def _finalize(self) -> None:
        self._journal.tolerate_write_errors()
        self._journal.write(LIVE, "done")
        self._account.live()
        initial_values.record(self._home, self._manifest, list(self._services))
        remove_replaced(self._home, self._tx, self._containers, self._journal)
        self._account.end(self._journal)
        prune_host(self._home, self._manifest["stack"], self._options.keep, self._journal)


def _unexpected(error: Exception) -> str:
    return f"the rollout cannot go on: {str(error) or type(error).__name__}"
