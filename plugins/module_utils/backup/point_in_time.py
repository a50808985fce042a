"""A backup of a moment: a base backup and the WAL up to this moment, recovered in a copy, and saved from there.

Place in the pipeline: target, before an ordinary restore, which then restores that backup; and for the drill. The copy
has no network. Nothing of the stack is touched.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    base_backups,
    chains,
    containers,
    continuous,
    live_release,
    moments,
    space,
    taking,
    wal_files,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.chains import Base, Chain
from ansible_collections.slipway.stack.plugins.module_utils.backup.taking import Options
from ansible_collections.slipway.stack.plugins.module_utils.backup.throwaway import Throwaway, throwaway
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_logs, docker, program
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed, duration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_STEP = "recovery"
_POLL_SECONDS = 0.5
_LAST_LINES = 20
#: What Postgres says if the WAL has no commit after the moment.
_ENDED = "recovery ended before configured recovery target was reached"


class _EndedBefore(RolloutFailed):
    """The WAL has nothing that was committed after the moment."""


@dataclass(frozen=True)
class _Plan:
    """What a recovery begins with. ``is_marked``: its WAL has a commit that was made for this recovery."""

    service: str
    scripts: Mapping[str, str]
    chain: Chain
    base: Base
    is_marked: bool

    @property
    def shown(self) -> dict[str, str]:
        """What the copy can read of this host."""
        return {"/continuous": str(self.chain.folder)}


def backup_of(home: Home, moment: datetime, services: Sequence[str], options: Options, journal: Journal) -> Backup:
    """Make a backup of what the services had at *moment*, and return it.

    :param services: none stands for all that are saved continuously.
    :raises RolloutFailed: if a service cannot be brought to this moment; the message has the possible span.
    """
    manifest, scripts = _live(home)
    others = sorted(set(services) - set(scripts))
    if others:
        known = ", ".join(scripts) or "none"
        raise RolloutFailed(f"service {', '.join(others)} is not saved continuously; those that are: {known}")
    if not scripts:
        raise RolloutFailed("no service of the live release is saved continuously: {backup: {continuous: true}}")
    chosen = [name for name in scripts if not services or name in services]
    plans = [_choose(home, manifest, name, scripts[name], moment.timestamp()) for name in chosen]

    def save(folder: Path) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        for plan in plans:
            with throwaway(home, manifest["release"], plan.service, "recovery", plan.shown) as copy:
                _recover(copy, plan, moment, options.timeout, journal)
                method = {**manifest["services"][plan.service]["backup"], "volumes": {}}
                entries += taking.save_service(copy.project, plan.service, method, folder, options, journal)
        return entries

    more = {"point_in_time": moments.exact(moment), "bases": {plan.service: plan.base.id for plan in plans}}
    backup = taking.write(home, manifest, options, save, more)
    journal.write(_STEP, "done", f"backup {backup.id} has what was there at {moments.exact(moment)}")
    return backup


def drill(home: Home, services: Sequence[str], timeout: float, journal: Journal) -> None:
    """Recover each service that is saved continuously in a copy, to this moment.

    :param services: none stands for all. :param timeout: seconds for one recovery.
    :raises RolloutFailed: if one cannot be recovered.
    """
    scripts = continuous.wanted(home)
    if not scripts:
        return
    manifest, scripts = _live(home)
    for name in [name for name in scripts if not services or name in services]:
        now = time.time()
        plan = _choose(home, manifest, name, scripts[name], now)
        with throwaway(home, manifest["release"], name, "drill", plan.shown) as copy:
            _recover(copy, plan, datetime.fromtimestamp(now, timezone.utc), timeout, journal)


def _live(home: Home) -> tuple[dict[str, Any], dict[str, Mapping[str, str]]]:
    manifest = live_release.manifest(home)
    return manifest, continuous.wanted(home)


def _choose(home: Home, manifest: Mapping[str, Any], service: str, scripts: Mapping[str, str], moment: float) -> _Plan:
    """Return the newest base backup that leads to a moment, with its chain.

    :raises RolloutFailed: if there is none, or WAL is missing on the way.
    """
    present = chains.of_service(home, service)
    spans = [(chain, chain.bases()) for chain in present]
    spans = [(chain, bases) for chain, bases in spans if bases]
    if not spans:
        raise RolloutFailed(f"service '{service}' has no base backup yet; playbooks/backup.yml takes the first one")
    container = containers.running(manifest["stack"], service)
    marked, has_arrived = continuous.mark(container, scripts, service, present[-1])
    ends = {chain.folder: chain.received_at() for chain in present}
    if has_arrived:
        ends[present[-1].folder] = marked
    possible = "; ".join(
        f"{moments.show(bases[0].finished_at + 1)} to {moments.show(ends[chain.folder])}" for chain, bases in spans
    )
    for chain, bases in reversed(spans):
        usable = [base for base in bases if base.finished_at <= moment]
        if not usable or moment > ends[chain.folder]:
            continue
        base = usable[-1]
        gap = wal_files.missing(chain.files(), base.start)
        if gap:
            raise RolloutFailed(
                f"service '{service}' cannot be restored to {moments.show(moment)}: of its WAL {gap} in {chain.wal}"
            )
        return _Plan(service, scripts, chain, base, has_arrived and chain.folder == present[-1].folder)
    late = "" if has_arrived else f"; its WAL is not received: {base_backups.receiver(manifest, service)}"
    raise RolloutFailed(
        f"service '{service}' cannot be restored to {moments.show(moment)}; possible is {possible}{late}"
    )


def _recover(copy: Throwaway, plan: _Plan, moment: datetime, timeout: float, journal: Journal) -> None:
    """Make a copy have what the service had at *moment*. It runs then.

    :raises RolloutFailed: if the base backup or the WAL is damaged, or ends before.
    """
    text = f"recovering a copy from base backup {plan.base.id} to {moments.exact(moment)}"
    with journal.part(_STEP, "recover", plan.service, start_text=text, end_text="the copy is at this moment"):
        try:
            _attempt(copy, plan, moments.exact(moment), timeout)
        except _EndedBefore as error:
            if plan.is_marked:
                raise
            # Nothing was committed between this moment and the last WAL, so that has what was there.
            copy.clear()
            journal.write(_STEP, "done", f"{error}, which is the last that was received", plan.service)
            _attempt(copy, plan, "", timeout)


def _attempt(copy: Throwaway, plan: _Plan, target: str, timeout: float) -> None:
    """Recover a copy. :param target: the moment, empty for the end of the WAL."""
    deadline = time.monotonic() + timeout
    copy.create()
    lineage = plan.chain.lineage(plan.base)
    # They are unpacked, and combined to another copy.
    space.check_for_restore([{"about": {}, "size": one.size} for one in lineage] * 2)
    names = " ".join(one.id for one in lineage)
    done = program.run(copy.command(f"BASES='{names}'\nTARGET='{target}'\n{plan.scripts['recover']}"), timeout)
    where = f"service '{plan.service}'"
    if done.returncode != 0:
        error = docker.command_error("recover", done.returncode, done.stdout, done.stderr)
        raise RolloutFailed(f"{where}: base backup {plan.base.id} cannot be unpacked: {error}", error.detail[-10:])
    try:
        container = copy.start()
        while not continuous.execute(container, plan.scripts["recovered"], plan.service).strip():
            if time.monotonic() > deadline:
                raise RolloutFailed(f"it was not there within {duration(timeout)}")
            time.sleep(_POLL_SECONDS)
    except RolloutFailed as failure:
        lines = container_logs.last_lines(copy.container().id, _LAST_LINES)
        if any(_ENDED in line for line in lines):
            raise _EndedBefore(f"{where}: its WAL has no commit after {target}", tuple(lines)) from None
        # A server in recovery says why it ends.
        reason = next((line for line in lines if "FATAL" in line), str(failure))
        raise RolloutFailed(f"{where}: it was not recovered to {target or 'the end'}: {reason}", tuple(lines)) from None
