"""Refresh a stack from a masked snapshot: load it, swap it, let the release migrate it; or revert the last refresh.

Place in the pipeline: target, in a process of its own that holds the lease. The swap, its undoing and what a killed run
leaves are those of a restore (``backup/swapping.py``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

from ansible_collections.slipway.stack.plugins.module_utils.backup import containers, restore_record, swapping
from ansible_collections.slipway.stack.plugins.module_utils.backup.restore_record import SNAPSHOT, Record, Swap
from ansible_collections.slipway.stack.plugins.module_utils.refresh import (
    destination,
    loaded_files,
    loading,
    snapshot_reader,
)
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database
from ansible_collections.slipway.stack.plugins.module_utils.refresh.loading import STEP
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: How the names of uploaded files begin.
UPLOADED = "arrived."
_LEFT_SECONDS = 24 * 3600.0
#: With the password and the port of the configuration that the kind ``redis`` writes.
_EMPTY = r"""
conf=/run/secrets/$SERVICE.conf
port=$(sed -n 's/^port //p' "$conf")
REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\} *$/\1/p' "$conf")
if [ -n "$REDISCLI_AUTH" ]; then export REDISCLI_AUTH; fi
redis-cli -p "${port:-6379}" FLUSHALL | grep -qx OK
"""

#: Runs the release jobs of a release: its manifest and the journal.
Jobs = Callable[[Mapping[str, Any], Journal], None]


def refresh(home: Home, path: Path, settings: Settings, jobs: Jobs, journal: Journal) -> str:
    """Give a stack the data of a snapshot, and return the id of the snapshot.

    :param jobs: runs the release jobs while the application is stopped.
    :raises RolloutFailed: if anything fails. Then the stack has the data that it had before.
    """
    manifest = destination.live(home)
    snapshot = snapshot_reader.read(path)
    destination.check_source(home, manifest, snapshot, destination.machine_id())
    swapping.recover(home, manifest, journal)
    _remove_left_uploads(path)
    _check_services(manifest, settings)
    live = loading.live_database(manifest, settings.service, settings.timeout)
    loading.check(live, snapshot)
    prefix = restore_record.new_prefix(home)
    names = (live.name, f"{prefix}_new", f"{prefix}_old")
    swap = Swap(settings.service, "name", "database", *names)
    files = loaded_files.planned(manifest, snapshot, prefix)
    restore_record.write(home, Record(f"{SNAPSHOT}{snapshot.id}", "loading", True, (swap, *files)))
    try:
        new = Database(live.container, swap.new, settings.timeout)
        loading.load(live, new, snapshot, settings, journal)
        for volume, member in files.items():
            loaded_files.load(snapshot, volume, member, settings.timeout, journal)
        _swap(home, manifest, settings, jobs, journal)
    except BaseException:
        swapping.abandon(home, manifest)
        raise
    return snapshot.id


def revert(home: Home, journal: Journal) -> str:
    """Swap back what the last refresh has set aside, and return the id of its snapshot. A second call swaps again.

    :raises RolloutFailed: if there is none, or what was restored last is a backup.
    """
    return swapping.revert(home, destination.live(home), journal, of_snapshot=True)[len(SNAPSHOT) :]


def _remove_left_uploads(path: Path) -> None:
    """Remove what runs that were interrupted have uploaded next to *path*. A newer file may be that of another run."""
    for other in path.parent.glob(f"{UPLOADED}*"):
        if other != path and other.is_file() and time.time() - other.lstat().st_mtime > _LEFT_SECONDS:
            other.unlink(missing_ok=True)


def _check_services(manifest: Mapping[str, Any], settings: Settings) -> None:
    for name in settings.empty:
        if name not in manifest["services"]:
            known = ", ".join(sorted(manifest["services"]))
            raise RolloutFailed(f"refresh_empty: there is no service '{name}'; valid values: {known}")


def _swap(home: Home, manifest: Mapping[str, Any], settings: Settings, jobs: Jobs, journal: Journal) -> None:
    """Swap the data, and say for how long the application was stopped."""
    started = time.monotonic()

    def while_stopped() -> None:
        jobs(manifest, journal)
        for name in settings.empty:
            container = containers.running(manifest["stack"], name)
            swapping.run_script(container, _EMPTY, {"SERVICE": name})

    swapping.swap_all(home, manifest, journal, while_stopped)
    seconds = time.monotonic() - started
    journal.write(STEP, "done", f"the application was stopped for at most {seconds:.1f} s", settings.service)
