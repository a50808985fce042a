"""A repository of restic: backups outside of this host, encrypted and deduplicated.

Place in the pipeline: target, after a backup, and before a restore of one that is not on this host. The local backups
are sent as they are. Each is a snapshot with tags: its stack, its environment, its host and its id. So several stacks
and hosts may have one repository, and each of them forgets its own snapshots only.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    catalog,
    live_release,
    settings,
    space,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.restic import NoRepository, Restic
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file, state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home, write_text

_STEP = "repository"
#: Bytes of a value of an environment variable.
_MAX_VALUE = 64 * 1024
_ID = "backup:"
#: A drill reads one of so many parts of the data back.
_PARTS = 10
_CHECK_FIELDS: Mapping[str, state_file.Types] = {"part": int}


@dataclass(frozen=True)
class Repository:
    """Where the backups of one stack go. ``tags``: of its snapshots. ``settings``: how long they stay."""

    restic: Restic
    tags: str
    settings: Settings


def of(home: Home) -> Repository | None:
    """Return the repository that the role ``backup`` has set on this host; ``None`` without one.

    :raises RolloutFailed: if the settings are damaged, or no release is live.
    """
    found = settings.read(home)
    if found.problem:
        raise RolloutFailed(found.problem)
    if found.value is None or not found.value.repository:
        return None
    manifest = live_release.manifest(home)
    host = found.value.repository_host or socket.gethostname()
    tags = f"stack:{manifest['stack']},environment:{manifest.get('environment', '')},host:{host}"
    return Repository(Restic(found.value.repository, _environment(home)), tags, found.value)


def send(home: Home, repository: Repository, timeout: float, journal: Journal) -> None:
    """Send the backups of this host that are newer than all in the repository, and forget old ones there.

    :param timeout: seconds for one backup.
    :raises RolloutFailed: if the repository cannot be opened, or something fails. What was sent stays.
    """
    restic = repository.restic
    with journal.part(_STEP, "send", start_text=f"sending to {restic.shown}", end_text=""):
        if prepare(restic):
            journal.write(_STEP, "done", f"made the repository {restic.shown}")
        # Older ones were sent, and may have been forgotten since.
        last = max(snapshots(repository), default="")
        for backup_id in catalog.ids(home):
            backup = catalog.read(home, backup_id).value
            if backup and not backup.is_of_replaced_data and backup_id > last:
                _send(repository, backup, timeout)
                journal.write(_STEP, "done", f"backup {backup_id} is in {restic.shown}")
        kept = [word for name, number in _kept(repository.settings) for word in (f"--keep-{name}", str(number))]
        # Not by host or path: each backup has a path of its own.
        restic.run("forget", "--quiet", "--tag", repository.tags, "--group-by", "", *kept, "--prune", timeout=timeout)


def prepare(restic: Restic) -> bool:
    """Make the repository if there is none, and return whether that was so.

    :raises RolloutFailed: if it cannot be used or made.
    """
    try:
        _open(restic)
    except NoRepository:
        if restic.location.startswith("/") and not Path(restic.location).is_dir():
            raise RolloutFailed(f"{restic.location} is no directory; mount its disk, or make it") from None
        restic.run("init")
        return True
    return False


def _open(restic: Restic) -> None:
    """Find out whether the repository can be used, and remove stale locks of a killed restic.

    :raises NoRepository: if there is none. :raises RolloutFailed: if it cannot be used.
    """
    restic.run("cat", "config", "--no-lock")
    restic.run("unlock")


def _send(repository: Repository, backup: Backup, timeout: float) -> None:
    restic, tags = repository.restic, f"{repository.tags},{_ID}{backup.id}"
    # What is forgotten depends on the time. A backup that is sent late is of its own day.
    taken = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(backup.taken_at))
    try:
        restic.run("backup", "--quiet", "--time", taken, "--tag", tags, str(backup.folder), timeout=timeout)
    except RolloutFailed:
        # If a file could not be read, there is a snapshot all the same.
        incomplete = snapshots(repository).get(backup.id)
        if incomplete:
            restic.run("forget", str(incomplete["id"]))
        raise


def snapshots(repository: Repository) -> dict[str, Mapping[str, Any]]:
    """Return the snapshots of the stack by the id of the backup, oldest first.

    :raises RolloutFailed: if the repository cannot be read.
    """
    found = {}
    for snapshot in repository.restic.json("snapshots", "--tag", repository.tags):
        ids = [tag[len(_ID) :] for tag in snapshot.get("tags") or [] if tag.startswith(_ID)]
        if ids and snapshot.get("paths"):
            found[ids[0]] = snapshot
    return dict(sorted(found.items()))


def fetch(home: Home, repository: Repository, backup_id: str, timeout: float, journal: Journal) -> Backup:
    """Bring a backup to this host, completely or not at all, and return it.

    :param backup_id: empty for the newest. :param timeout: seconds that it may take.
    :raises RolloutFailed: if the repository does not have it, or this host has too little space for it.
    """
    restic = repository.restic
    _open(restic)
    present = snapshots(repository)
    chosen = backup_id or (list(present)[-1] if present else "")
    if chosen not in present:
        known = ", ".join(list(present)[-5:]) or "none"
        missing = f"no backup {backup_id}" if backup_id else "no backup"
        raise RolloutFailed(
            f"there is {missing} on this host, or with {repository.tags} in {restic.shown}; the newest there: {known}"
        )
    snapshot, path = str(present[chosen]["id"]), str(present[chosen]["paths"][0])
    space.check_for_backup(home.path, _size(restic.run("dump", snapshot, f"{path}/{MANIFEST}"), restic))
    target, folder = home.backups / chosen, home.backups / f"{chosen}{catalog.ARRIVING}"
    with journal.part(_STEP, "fetch", start_text=f"fetching backup {chosen} from {restic.shown}", end_text=""):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            restic.run("restore", "--quiet", snapshot, "--target", str(folder), timeout=timeout)
            home.backups.mkdir(mode=0o700, exist_ok=True)
            (folder / path.lstrip("/")).rename(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    found = catalog.read(home, chosen)
    if found.value is None:
        shutil.rmtree(target)
        raise RolloutFailed(f"what {restic.shown} has is damaged: {found.problem}")
    return found.value


def check(home: Home, repository: Repository, timeout: float, journal: Journal) -> None:
    """Check the repository, and read the next part of its data back.

    A part that is damaged is read again by the next check: a repository is not whole because the next part is.

    :raises RolloutFailed: if it is damaged.
    """
    path = home.state / "repository_check.json"
    # After a damaged file, the check begins with the first part again.
    last = state_file.read(path, _CHECK_FIELDS, "").value or {"part": 0}
    part = int(last["part"]) % _PARTS + 1
    text = f"checking {repository.restic.shown}, and reading part {part} of {_PARTS} back"
    with journal.part(_STEP, "check", start_text=text, end_text="the repository is whole"):
        _open(repository.restic)
        repository.restic.run("check", "--quiet", f"--read-data-subset={part}/{_PARTS}", timeout=timeout)
    write_text(path, json.dumps({"format": state_file.FORMAT, "part": part}) + "\n", 0o600)


def environment_folder(home: Home) -> Path:
    """Return the directory with a file for each variable that restic needs. Only root can read it."""
    return home.path / "secrets/repository"


def _environment(home: Home) -> dict[str, str]:
    folder = environment_folder(home)
    try:
        names = foreign_file.files_below(home.path, "secrets/repository")
        found = {name: foreign_file.read_bytes(folder, name, _MAX_VALUE) for name in names}
    except ForeignFileError as error:
        raise RolloutFailed(f"{folder}: {error}; run the role backup again") from None
    return {name: value.decode("utf-8", "surrogateescape") for name, value in found.items()}


def _kept(given: Settings) -> list[tuple[str, int]]:
    return [(name, number) for name, number in given.retention.items() if number > 0]


def _size(manifest: str, restic: Restic) -> int:
    try:
        return sum(int(archive["size"]) for archive in json.loads(manifest)["archives"])
    except (ValueError, TypeError, KeyError):
        raise RolloutFailed(f"{restic.shown}: the manifest of the backup is damaged; use another backup") from None
