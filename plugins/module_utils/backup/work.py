"""Backups, drills and restores as work of their own on this host: one at a time, in the journal, to its end.

Place in the pipeline: target, between the module or the timer and what does the work. A backup and a restore hold the
lease of the stack, so no rollout changes what they read or write. A drill works on copies and holds a lock of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    base_backups,
    catalog,
    continuous,
    continuous_repository,
    drill,
    live_release,
    moments,
    point_in_time,
    repository,
    restoring,
    results,
    sending,
    swapping,
    taking,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.repository import Repository
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import journal, journaled_work
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import BACKUP, Lease

VERBS = ("take", "drill", "restore", "revert")
_ALL = 10**6


@dataclass(frozen=True)
class Work:
    """What to do. ``backup``: an id, empty for the newest. ``services``: of a restore, none for all.

    ``suffix``: of the names that a restore gives to what it loads next to the live data; empty for a restore in place.
    ``release``: the one whose images restore a drill's copies; empty for the live one.
    ``moment``: that a restore goes back to, such as ``2026-11-26 08:15:00+00``; empty for a backup.
    ``settings``: how much stays on this host, and the time for one archive.
    """

    verb: str
    owner: str
    backup: str = ""
    services: tuple[str, ...] = ()
    suffix: str = ""
    release: str = ""
    moment: str = ""
    settings: Settings = field(default_factory=Settings)


def begin(home: Home, work: Work) -> tuple[Lease, str, Callable[[], None]]:
    """Take the lock that the work needs, and return it, the name of the work in the journal, and what does it.

    :raises LeaseHeld: if a rollout, a backup, a drill or a restore is under way.
    :raises RolloutFailed: if the stack was never deployed, or the moment is none.
    """
    if work.moment:
        _moment(work)
    if not home.state.is_dir():
        raise RolloutFailed("nothing was ever deployed on this host, so there is nothing to save or restore")
    name = f"{work.verb}-{catalog.new_id([])}"
    path = home.backup_lease if work.verb == "drill" else home.lease
    lease = Lease(path, work.owner, name, lambda: journal.open_for(home.backup_journal), work=_WORD[work.verb])
    return lease, name, lambda: _run(home, work, name)


#: What the lease calls the work.
_WORD = {"take": BACKUP, "drill": "drill", "restore": "restore", "revert": "revert of a restore"}


def _run(home: Home, work: Work, name: str) -> None:
    """Do the work, and write to the journal and to the list of results how it ended."""
    records = Journal(home.backup_journal, name, masking(home))
    started = time.monotonic()
    backup = work.backup

    def to_done() -> str:
        nonlocal backup
        found = None
        if work.verb in ("drill", "restore"):
            found = _find(home, work, records)
            backup = found.id
        backup = _do(home, work, found, records)
        if work.verb == "take":
            _after_backup(home, work, records)
        return f"{_WORD[work.verb]} of {backup or 'the stack'} done: {records.time_summary()}"

    def standing() -> str:
        is_taken = work.verb == "take" and backup
        return f"Backup {backup} is complete on this host" if is_taken else _AFTER_FAILURE[work.verb]

    def record(reason: str) -> str:
        return results.write(home, work.verb, backup, work.owner, started, reason)

    journaled_work.run(records, to_done, standing, (RolloutFailed, DockerError), record)


def _find(home: Home, work: Work, records: Journal) -> Backup:
    """Return the backup that a drill or a restore is of.

    It is made if the restore goes back to a moment, and comes from the repository if it is not on this host.

    :raises RolloutFailed: if it is nowhere, damaged, or cannot be made.
    """
    if work.moment:
        # No backup is removed for this one.
        options = taking.Options(work.owner, _ALL, work.settings.archive_timeout)
        moment = _moment(work)
        at = moment.timestamp()
        remote = repository.of(home)
        if remote and not continuous_repository.reaches(home, work.services or list(continuous.wanted(home)), at):
            continuous_repository.fetch(home, remote, work.settings.archive_timeout, records)
        return point_in_time.backup_of(home, moment, work.services, options, records)
    found = catalog.read(home, work.backup) if work.backup else catalog.newest(home)
    remote = None if found.value or found.problem else repository.of(home)
    if remote:
        return repository.fetch(home, remote, work.backup, work.settings.archive_timeout, records)
    return catalog.find(home, work.backup)


def _after_backup(home: Home, work: Work, records: Journal) -> None:
    """Take base backups and send what is on this host to the repository. If one fails, the other is done.

    :raises RolloutFailed: if one of them fails.
    """
    failures = []
    try:
        base_backups.take(home, work.settings, records)
    except (RolloutFailed, DockerError) as error:
        failures.append(error)
    try:
        remote = repository.of(home)
        if remote:
            repository.send(home, remote, work.settings.archive_timeout, records)
            _send_continuous(home, remote, work.settings.archive_timeout, records)
    except RolloutFailed as error:
        failures.append(error)
    if failures:
        detail = tuple(line for failure in failures for line in failure.detail)
        raise RolloutFailed("; ".join(map(str, failures)), detail)


def _send_continuous(home: Home, remote: Repository, timeout: float, records: Journal) -> None:
    if not continuous.wanted(home):
        return
    text = f"sending WAL and base backups to {remote.restic.shown}"
    with records.part("repository", "send", start_text=text, end_text="WAL and base backups are sent"):
        sending.send(home, remote, timeout)
        continuous_repository.forget(remote, timeout)


def _moment(work: Work) -> datetime:
    if work.verb != "restore" or work.backup:
        raise RolloutFailed("a moment is for a restore without the id of a backup")
    try:
        return moments.parse(work.moment)
    except ValueError as error:
        raise RolloutFailed(f"restore_to: {error}") from None


def _do(home: Home, work: Work, backup: Backup | None, records: Journal) -> str:
    """Do the work, and return the id of its backup.

    :param backup: that of a drill or a restore, ``None`` for other work.
    """
    timeout = work.settings.archive_timeout
    if work.verb == "take":
        options = taking.Options(work.owner, work.settings.keep, timeout)
        return taking.take(home, options, records).id
    if work.verb == "drill" and backup:
        drill.drill(home, backup, work.release, work.services, timeout, records)
        if not work.release:
            point_in_time.drill(home, work.services, timeout, records)
            remote = repository.of(home)
            if remote:
                repository.check(home, remote, timeout, records)
        return backup.id
    if work.verb == "restore" and backup:
        if work.suffix:
            restoring.beside(home, backup, work.services, work.suffix, timeout, records)
            return backup.id
        # What a restore sets aside is gone with the next one. No backup is removed for this one.
        options = taking.Options(work.owner, _ALL, timeout, before_restore=True)
        taking.take(home, options, records)
        restoring.restore(home, backup, work.services, timeout, records)
        return backup.id
    manifest = live_release.manifest(home)
    return swapping.revert(home, manifest, records)


_AFTER_FAILURE = {
    "take": "No backup was taken",
    "drill": "Do not rely on this backup before a drill succeeds",
    "restore": "The stack has the data that it had before",
    "revert": "The stack has the data that it had before",
}
