"""A backup of a moment: a base backup and the WAL up to this moment, recovered in a copy, and saved from there.

Place in the pipeline: target, before an ordinary restore, which then restores that backup; and for the drill. The copy
has no network. Nothing of the stack is touched.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    base_backups,
    catalog,
    chains,
    containers,
    continuous,
    moments,
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
#: What Postgres says if the WAL ends before the moment.
_TOO_EARLY = "recovery ended before configured recovery target was reached"


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
    plans = {name: _choose(home, manifest, name, scripts[name], moment.timestamp()) for name in chosen}
    bases: dict[str, str] = {}

    def save(folder: Any) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        for name, (chain, base) in plans.items():
            bases[name] = base.id
            shown = {"/continuous": str(chain.folder)}
            with throwaway(home, manifest["release"], name, "recovery", shown) as copy:
                _recover(copy, name, scripts[name], chain, base, moment, options.timeout, journal)
                method = {**manifest["services"][name]["backup"], "volumes": {}}
                entries += taking.save_service(copy.project, name, method, folder, options, journal)
        return entries

    more = {"point_in_time": moments.exact(moment), "bases": bases}
    backup = taking.write(home, manifest, options, catalog.new_id(time.time()), save, more)
    journal.write(_STEP, "done", f"backup {backup.id} has what was there at {moments.exact(moment)}")
    return backup


def drill(home: Home, timeout: float, journal: Journal) -> None:
    """Recover each service that is saved continuously in a copy, to this moment.

    :param timeout: seconds for one recovery.
    :raises RolloutFailed: if one cannot be recovered.
    """
    scripts = continuous.wanted(home)
    if not scripts:
        return
    manifest, scripts = _live(home)
    for name in scripts:
        now = time.time()
        chain, base = _choose(home, manifest, name, scripts[name], now)
        with throwaway(home, manifest["release"], name, "drill", {"/continuous": str(chain.folder)}) as copy:
            moment = datetime.fromtimestamp(now, timezone.utc)
            _recover(copy, name, scripts[name], chain, base, moment, timeout, journal)


def _live(home: Home) -> tuple[dict[str, Any], dict[str, Mapping[str, str]]]:
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host; deploy first, then restore")
    return manifest, continuous.wanted(home)


def _choose(
    home: Home, manifest: Mapping[str, Any], service: str, scripts: Mapping[str, str], moment: float
) -> tuple[Chain, Base]:
    """Return the chain and the newest base backup that lead to a moment.

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
        return chain, base
    late = "" if has_arrived else f"; its WAL is not received: {base_backups.receiver(manifest, service)}"
    raise RolloutFailed(
        f"service '{service}' cannot be restored to {moments.show(moment)}; possible is {possible}{late}"
    )


def _recover(
    copy: Throwaway,
    service: str,
    scripts: Mapping[str, str],
    chain: Chain,
    base: Base,
    moment: datetime,
    timeout: float,
    journal: Journal,
) -> None:
    """Make a copy have what the service had at *moment*. It runs then."""
    deadline = time.monotonic() + timeout
    text = f"recovering a copy from base backup {base.id} to {moments.exact(moment)}"
    with journal.part(_STEP, "recover", service, start_text=text, end_text="the copy is at this moment"):
        copy.create()
        names = " ".join(one.id for one in chain.lineage(base))
        script = f"BASES='{names}'\nTARGET='{moments.exact(moment)}'\n{scripts['recover']}"
        done = program.run(copy.command(script), timeout)
        if done.returncode != 0:
            error = docker.command_error("recover", done.returncode, done.stdout, done.stderr)
            raise RolloutFailed(f"service '{service}': base backup {base.id} is damaged: {error}", error.detail[-10:])
        try:
            container = copy.start()
            while not continuous.execute(container, scripts["recovered"], service).strip():
                if time.monotonic() > deadline:
                    raise RolloutFailed(f"it was not there within {duration(timeout)}")
                time.sleep(_POLL_SECONDS)
        except RolloutFailed as error:
            lines = container_logs.last_lines(copy.container().id, _LAST_LINES)
            reason = f"service '{service}': it was not recovered to {moments.exact(moment)}: "
            ended = any(_TOO_EARLY in line for line in lines)
            raise RolloutFailed(reason + ("its WAL ends before" if ended else str(error)), tuple(lines)) from None
