"""The drill: the newest backup, restored into throwaway copies of its services, and compared with the original.

Place in the pipeline: target, on a timer or by hand. Nothing of the stack is touched, and a copy has no network. A
backup that was never restored is a hope; the result of the last drill is in the status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    containers,
    live_release,
    loading,
    space,
    streams,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.backup.throwaway import Throwaway, throwaway
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_STEP = "drill"


def drill(home: Home, backup: Backup, release: str, services: Sequence[str], timeout: float, journal: Journal) -> None:
    """Restore a backup into throwaway copies, and compare them with what was saved.

    :param release: the one whose services are copied; empty for the live one. :param services: none stands for all.
    :param timeout: seconds for one archive.
    :raises RolloutFailed: if it cannot be restored, or what was restored differs.
    """
    manifest = home.manifest(release) if release else live_release.manifest(home)
    if manifest is None:
        raise RolloutFailed(f"release {release} is not on this host, or its record is damaged")
    chosen = [entry for entry in backup.archives if not services or entry["service"] in services]
    space.check_for_restore([entry for entry in chosen if entry["service"]])
    by_service: dict[str, list[dict[str, Any]]] = {}
    for entry in chosen:
        by_service.setdefault(entry["service"], []).append(entry)
    for service, entries in by_service.items():
        if not service:
            _check_only(backup, entries)
            continue
        spec = manifest["services"].get(service)
        if spec is None or not spec.get("backup"):
            raise RolloutFailed(f"backup {backup.id} has service '{service}', which the live release does not save")
        part = journal.part(_STEP, "restore", service, start_text="restoring a copy", end_text="the copy is as saved")
        with part, throwaway(home, manifest["release"], service) as copy:
            _restore(backup, entries, spec["backup"], copy, timeout)


def _restore(
    backup: Backup, entries: list[dict[str, Any]], method: Mapping[str, Any], copy: Throwaway, timeout: float
) -> None:
    """Restore the archives of a service: first what must be there before it starts."""
    container = copy.create()
    loaded, online = [], []
    for entry in entries:
        archive = method["archives"].get(entry["name"], {}) if entry["sort"] == "stream" else {}
        if entry["sort"] == "volume":
            target = method["volumes"].get(entry["name"], {}).get("target")
            if not target:
                raise RolloutFailed(f"the live release does not save volume '{entry['name']}' of '{entry['service']}'")
            loading.into_directory(backup, entry, containers.directory(container, target), timeout)
        elif archive.get("volume"):
            loading.before_start(backup, entry, archive, copy, timeout)
            loaded.append((entry, archive))
        elif archive:
            online.append((entry, archive))
        else:
            raise RolloutFailed(f"the live release has no archive '{entry['name']}' of service '{entry['service']}'")
    if all(entry["sort"] == "volume" for entry in entries):
        # An application with files need not start without the services that it needs.
        return
    container = copy.start()
    for entry, archive in loaded:
        loading.compare_if_told(entry, archive, container, "")
    for number, (entry, archive) in enumerate(online):
        into = f"slipway_drill_{number}" if entry["item"] else ""
        loading.into_container(backup, entry, archive, container, into, timeout)


def _check_only(backup: Backup, entries: list[dict[str, Any]]) -> None:
    """Check archives that no service reads: the secrets that the host has generated."""
    for entry in entries:
        try:
            streams.check(backup.path(entry), entry["sha256"])
        except StreamError as error:
            raise RolloutFailed(f"backup {backup.id}: {error}") from None
