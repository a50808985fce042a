"""Restore a backup in place: next to what is there first, compared, and then swapped.

Place in the pipeline: target, by hand. While an archive is loaded, the stack serves from its old data. Then the
containers that use the data stop for seconds, and the data is swapped (:mod:`swapping`): databases by their names,
directories of volumes by a rename. What was there stays, under another name, until the next restore.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    containers,
    live_release,
    loading,
    restore_record,
    space,
    swapping,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.restore_record import Record, Swap
from ansible_collections.slipway.stack.plugins.module_utils.backup.throwaway import throwaway
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_STEP = "restore"


def restore(home: Home, backup: Backup, services: Sequence[str], timeout: float, journal: Journal) -> None:
    """Restore the archives of *services*, and keep what was there.

    :param services: none stands for all services of the backup. :param timeout: seconds for one archive.
    :raises RolloutFailed: if anything fails. Then the stack has the data that it had before.
    """
    manifest, entries = _chosen(home, backup, services)
    swapping.recover(home, manifest, journal)
    space.check_for_restore(entries)
    prefix = restore_record.new_prefix(home)
    planned = [(entry, _swap(manifest, entry, f"{prefix}_{number}")) for number, entry in enumerate(entries)]
    swaps = tuple(swap for _entry, swap in planned if swap)
    restore_record.write(home, Record(backup.id, "loading", True, swaps))
    try:
        for entry, swap in planned:
            text = f"loading {loading.title(entry)} next to what is there"
            with journal.part(_STEP, "load", entry["service"], start_text=text, end_text=""):
                _load(home, manifest, backup, entry, swap, timeout)
        swapping.swap_all(home, manifest, journal)
    except BaseException:
        swapping.abandon(home, manifest)
        raise
    journal.write(_STEP, "done", f"backup {backup.id} is restored; what was there is kept until the next restore")


def beside(
    home: Home, backup: Backup, services: Sequence[str], suffix: str, timeout: float, journal: Journal
) -> list[str]:
    """Restore what has a name in a service, such as databases, under another name, and return the new names.

    The live data is not touched. The new names stay until a person removes them.

    :param services: none stands for all services of the backup. :param suffix: added to each name.
    :raises RolloutFailed: if anything fails. Then nothing of it is left.
    """
    manifest, entries = _chosen(home, backup, services)
    entries = [one for one in entries if one["item"]]
    if not entries:
        raise RolloutFailed(
            f"backup {backup.id} has nothing that can be restored under another name, such as a database"
        )
    space.check_for_restore(entries)
    made: list[Swap] = []
    try:
        for entry in entries:
            container = containers.running(manifest["stack"], entry["service"])
            archive = _archive(manifest, entry)
            new = f"{entry['item']}_{suffix}"
            if swapping.exists(manifest, entry["service"], entry["name"], new):
                raise RolloutFailed(
                    f"service '{entry['service']}' has {new} already; choose another name, or remove it"
                )
            swap = Swap(entry["service"], "name", entry["name"], entry["item"], new, "")
            made.append(swap)
            text = f"loading {loading.title(entry)} as {new}"
            with journal.part(_STEP, "load", entry["service"], start_text=text, end_text=""):
                loading.into_container(backup, entry, archive, container, new, timeout)
    except BaseException:
        for swap in made:
            swapping.remove(manifest, swap, swap.new)
        raise
    names = [swap.new for swap in made]
    journal.write(_STEP, "done", f"backup {backup.id} is restored as {', '.join(names)}")
    return names


def _chosen(home: Home, backup: Backup, services: Sequence[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the manifest of the live release, and the archives of these services.

    :raises RolloutFailed: if no release is live, or the backup has nothing of a service.
    """
    manifest = live_release.manifest(home)
    entries = [one for one in backup.archives if one["service"] and (not services or one["service"] in services)]
    missing = sorted(set(services) - {one["service"] for one in entries})
    if missing:
        known = ", ".join(dict.fromkeys(one["service"] for one in backup.archives if one["service"]))
        raise RolloutFailed(f"backup {backup.id} has nothing of service {', '.join(missing)}; it has {known}")
    return manifest, entries


def _method(manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how the live release saves a service. :raises RolloutFailed: if it does not."""
    method: Mapping[str, Any] | None = (manifest["services"].get(entry["service"]) or {}).get("backup")
    if method is None:
        raise RolloutFailed(f"the backup has service '{entry['service']}', which the live release does not save")
    return method


def _archive(manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    archive: Mapping[str, Any] | None = _method(manifest, entry)["archives"].get(entry["name"])
    if archive is None:
        raise RolloutFailed(f"the live release has no archive '{entry['name']}' of service '{entry['service']}'")
    return archive


def _swap(manifest: Mapping[str, Any], entry: Mapping[str, Any], prefix: str) -> Swap | None:
    """Return the swap that makes an archive the live data once it is loaded.

    An archive without items, such as the roles of a database server, is loaded into the running service and adds what
    is missing. It has no swap.

    :param prefix: of the names that data has which is not live.
    """
    service, name = entry["service"], entry["name"]
    if entry["sort"] == "volume":
        place = _method(manifest, entry)["volumes"].get(name) or {}
        if not place.get("target"):
            raise RolloutFailed(f"the live release does not save volume '{name}' of service '{service}'")
    else:
        place = _archive(manifest, entry)
        if not place.get("volume"):
            item = entry["item"]
            return Swap(service, "name", name, item, f"{prefix}_new", f"{prefix}_old") if item else None
    return swapping.of_directory(manifest, service, name, place["target"], prefix)


def _load(
    home: Home,
    manifest: Mapping[str, Any],
    backup: Backup,
    entry: Mapping[str, Any],
    swap: Swap | None,
    timeout: float,
) -> None:
    """Load one archive next to what is there."""
    if entry["sort"] == "volume":
        new = Path(_planned(swap).new)
        # The archive sets the mode and the owner of the directory itself.
        new.mkdir(mode=0o700)
        loading.into_directory(backup, entry, new, timeout)
        return
    archive = _archive(manifest, entry)
    if archive.get("volume"):
        _load_before_start(home, manifest["release"], backup, entry, archive, _planned(swap), timeout)
        return
    container = containers.running(manifest["stack"], entry["service"])
    loading.into_container(backup, entry, archive, container, swap.new if swap else "", timeout)


def _planned(swap: Swap | None) -> Swap:
    """Return the swap of an archive that has one: all but those without items."""
    if swap is None:
        raise AssertionError("a volume has a swap")
    return swap


def _load_before_start(
    home: Home,
    release: str,
    backup: Backup,
    entry: Mapping[str, Any],
    archive: Mapping[str, Any],
    swap: Swap,
    timeout: float,
) -> None:
    """Load an archive that a service reads when it starts.

    A copy of the service without a network restores it into an empty volume, and must start with it. Then the files are
    moved next to those of the live volume.
    """
    with throwaway(home, release, entry["service"]) as copy:
        container = copy.create()
        loading.before_start(backup, entry, archive, copy, timeout)
        loading.compare_if_told(entry, archive, copy.start(), "")
        copy.stop()
        # A rename where both volumes are on one disk, as they usually are.
        shutil.move(str(containers.directory(container, archive["target"])), swap.new)
