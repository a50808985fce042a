"""Backups, drills and restores as work of their own on this host: one at a time, in the journal, to its end.

Place in the pipeline: target, between the module or the timer and what does the work. A backup and a restore hold the
lease of the stack, so no rollout changes what they read or write. A drill works on copies and holds a lock of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, drill, restoring, swapping, taking
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file, journal, state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, append_line
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease

VERBS = ("take", "drill", "restore", "revert")
_ALL = 10**6
#: Bytes of the newest results that are read.
_MAX_RESULTS = 1024**2
_FIELDS: Mapping[str, state_file.Types] = {
    "at": (int, float),
    "verb": str,
    "backup": str,
    "owner": str,
    "outcome": str,
    "seconds": (int, float),
    "reason": str,
}


@dataclass(frozen=True)
class Work:
    """What to do. ``backup``: an id, empty for the newest. ``services``: of a restore, none for all.

    ``keep``: how many backups stay on this host. ``timeout``: seconds for one archive.
    """

    verb: str
    owner: str
    backup: str = ""
    services: tuple[str, ...] = ()
    keep: int = 7
    timeout: float = 6 * 3600.0


def begin(home: Home, work: Work) -> tuple[Lease, str, Callable[[], None]]:
    """Take the lock that the work needs, and return it, the name of the work in the journal, and what does it.

    :raises LeaseHeld: if a rollout, a backup, a drill or a restore is under way.
    :raises RolloutFailed: if the stack was never deployed.
    """
    if not home.state.is_dir():
        raise RolloutFailed("nothing was ever deployed on this host, so there is nothing to save or restore")
    name = f"{work.verb}-{catalog.new_id(time.time())}"
    path = home.backup_lease if work.verb == "drill" else home.lease
    lease = Lease(path, work.owner, name, lambda: journal.open_for(home.backup_journal), work=_WORD[work.verb])
    return lease, name, lambda: _run(home, work, name)


#: What the lease calls the work.
_WORD = {"take": "backup", "drill": "drill", "restore": "restore", "revert": "revert of a restore"}


def _run(home: Home, work: Work, name: str) -> None:
    """Do the work, and write to the journal and to the list of results how it ended."""
    records = Journal(home.backup_journal, name, masking(home))
    started = time.monotonic()
    backup, reason = work.backup, ""
    detail: tuple[str, ...] = ()
    try:
        backup = _do(home, work, records)
    except (RolloutFailed, DockerError) as error:
        reason, detail = str(error), error.detail
    except Exception as error:
        reason = f"unexpected {type(error).__name__}: {error}"
        _end(home, work, backup, started, reason, records, detail)
        raise
    _end(home, work, backup, started, reason, records, detail)


def _do(home: Home, work: Work, records: Journal) -> str:
    """Do the work, and return the id of its backup."""
    if work.verb == "take":
        options = taking.Options(work.owner, work.keep, work.timeout)
        return taking.take(home, options, records, catalog.new_id(time.time())).id
    if work.verb == "drill":
        return str(drill.drill(home, work.backup or None, work.timeout, records)["backup"])
    if work.verb == "restore":
        backup = drill.find(home, work.backup or None)
        # What a restore sets aside is gone with the next one. No backup is removed for this one.
        options = taking.Options(work.owner, _ALL, work.timeout)
        taking.take(home, options, records, catalog.new_id(time.time()))
        restoring.restore(home, backup, work.services, work.timeout, records)
        return backup.id
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host")
    return swapping.revert(home, manifest, records)


def _end(
    home: Home, work: Work, backup: str, started: float, reason: str, records: Journal, detail: tuple[str, ...]
) -> None:
    records.tolerate_write_errors()
    seconds = round(time.monotonic() - started, 1)
    outcome = "failed" if reason else "ok"
    line = {"at": round(time.time()), "verb": work.verb, "backup": backup, "owner": work.owner, "outcome": outcome}
    try:
        append_line(home.backup_results, json.dumps({**line, "seconds": seconds, "reason": reason}))
    except OSError as error:
        reason = reason or f"the result cannot be written: {error.strerror}"
    if reason:
        records.write("rollout", "failed", reason, detail=detail)
        records.write("end", "failed", _AFTER_FAILURE[work.verb])
    else:
        records.write("end", "done", f"{_WORD[work.verb]} of {backup or 'the stack'} done in {seconds} s")


_AFTER_FAILURE = {
    "take": "No backup was taken",
    "drill": "Do not rely on this backup before a drill succeeds",
    "restore": "The stack has the data that it had before",
    "revert": "The stack has the data that it had before",
}


def results(home: Home) -> list[dict[str, Any]]:
    """Return how backups, drills and restores ended, oldest first. Damaged lines are left out."""
    path = home.backup_results
    try:
        size = path.stat().st_size
        content = foreign_file.read_from(path.parent, path.name, max(size - _MAX_RESULTS, 0), _MAX_RESULTS)
    except (OSError, ForeignFileError):
        return []
    found = []
    for line in content.decode("utf-8", "replace").split("\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and not state_file.wrong_field(entry, _FIELDS):
            found.append(entry)
    return found
