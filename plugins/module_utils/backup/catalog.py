"""The backups of a stack on this host: one directory each, with a manifest that says what is in it.

Place in the pipeline: target, between those who save and those who restore, check or report. A directory gets its name
when it is complete, so every directory with a manifest is a whole backup. ``backups/ID/`` has ``manifest.json`` and the
archives in ``SERVICE/``.
"""

from __future__ import annotations

import calendar
import re
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import Reading

_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
#: Seconds by which an id is ahead of the clock at most, if several begin within one second.
_MAX_AHEAD = 60
#: Of a backup that is not complete. A killed one is removed by the next.
_UNFINISHED = ".unfinished"
#: Of a backup that is fetched from a repository, and the seconds after which nobody fetches it any more.
ARRIVING = ".arriving"
_ARRIVING_SECONDS = 86400.0
_FIELDS: Mapping[str, state_file.Types] = {
    "id": str,
    "stack": str,
    "environment": str,
    "release": str,
    "owner": str,
    "seconds": (int, float),
    "archives": list,
}
_ARCHIVE_FIELDS: Mapping[str, state_file.Types] = {
    "service": str,
    "name": str,
    "item": str,
    "file": str,
    "size": int,
    "sha256": str,
    "facts": dict,
    "about": dict,
}


@dataclass(frozen=True)
class Backup:
    """A complete backup. ``archives``: as the manifest has them, see :mod:`taking`."""

    id: str
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def archives(self) -> list[dict[str, Any]]:
        """Its archives, in the order in which they are restored."""
        return list(self.manifest["archives"])

    @property
    def is_of_replaced_data(self) -> bool:
        """Whether it is of data that a restore has replaced, or of an earlier moment. Nobody wants that by default."""
        return bool(self.manifest.get("before_restore") or self.manifest.get("point_in_time"))

    @property
    def size(self) -> int:
        """Bytes of all its archives."""
        return sum(int(archive["size"]) for archive in self.archives)

    @property
    def taken_at(self) -> float:
        """When it was begun, in seconds of the epoch."""
        return float(calendar.timegm(time.strptime(self.id, _TIME_FORMAT)))

    def path(self, archive: Mapping[str, Any]) -> Path:
        """Return the file of an archive."""
        return self.folder / str(archive["file"])


def new_id(names: Iterable[str]) -> str:
    """Return the id of what begins now: this second, or the one after the last id that is not older.

    :param names: of what is there already. Each begins with its id. Other names do not count.
    :raises RolloutFailed: if all ids of the next minute are taken.
    """
    now = int(time.time())
    # Not a free second between two ids: the newest has to be the last one when ids are sorted.
    taken = [second for second in map(_second, names) if now <= second <= now + _MAX_AHEAD]
    second = max(taken, default=now - 1) + 1
    if second > now + _MAX_AHEAD:
        raise RolloutFailed(
            f"all ids up to {_id_at(now + _MAX_AHEAD)} are taken, which is {_MAX_AHEAD} s from now; "
            "set the clock of this host, and run the playbook again"
        )
    return _id_at(second)


def new_id_in(folder: Path) -> str:
    """Return the id of what begins now and will be in *folder*, which may be missing.

    What is unfinished or arrives there counts, too. The caller holds the lock of those who begin something there.

    :raises RolloutFailed: as :func:`new_id`.
    """
    return new_id(entry.name for entry in folder.iterdir()) if folder.is_dir() else new_id([])


def _id_at(second: int) -> str:
    return time.strftime(_TIME_FORMAT, time.gmtime(second))


def _second(name: str) -> int:
    """Return the second of the epoch of the id that a name begins with, 0 if it begins with none."""
    found = _ID.match(name)
    try:
        return calendar.timegm(time.strptime(found[0], _TIME_FORMAT)) if found else 0
    except ValueError:
        return 0


def begin(home: Home, backup_id: str) -> Path:
    """Remove what killed backups have left, and return the new directory of one that begins."""
    for left in home.backups.glob(f"*{_UNFINISHED}"):
        shutil.rmtree(left)
    # A drill may fetch one meanwhile.
    for left in home.backups.glob(f"*{ARRIVING}"):
        if time.time() - left.stat().st_mtime > _ARRIVING_SECONDS:
            shutil.rmtree(left)
    folder = home.backups / f"{backup_id}{_UNFINISHED}"
    home.backups.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    return folder


def complete(home: Home, folder: Path) -> Path:
    """Give the directory of a backup that has a manifest its name, and return it."""
    target = home.backups / folder.name[: -len(_UNFINISHED)]
    folder.rename(target)
    return target


def read(home: Home, backup_id: str) -> Reading[Backup]:
    """Return a backup of this host. Without a value and a problem, there is none of this id."""
    folder = home.backups / backup_id
    if not _ID.fullmatch(backup_id) or not folder.is_dir():
        return Reading()
    remedy = f"Use another backup, and remove {folder}"
    found = state_file.read(folder / MANIFEST, _FIELDS, remedy)
    if found.value is None:
        return Reading(problem=found.problem or f"{folder / MANIFEST} does not exist. {remedy}")
    for archive in found.value["archives"]:
        problem = state_file.wrong_field(archive, _ARCHIVE_FIELDS)
        if not problem and not _is_inside(archive["file"]):
            problem = f"file {archive['file']!r} is not in the directory of the backup"
        if problem:
            return Reading(problem=f"{folder / MANIFEST}: an archive: {problem}. {remedy}")
        size = _size(folder / archive["file"])
        if size != archive["size"]:
            found_size = f"has {size} bytes" if size is not None else "is missing"
            return Reading(problem=f"{folder / archive['file']} {found_size}, not {archive['size']}. {remedy}")
    return Reading(Backup(backup_id, folder, found.value))


def ids(home: Home) -> list[str]:
    """Return the ids of the backups on this host, oldest first."""
    if not home.backups.is_dir():
        return []
    return sorted(entry.name for entry in home.backups.iterdir() if _ID.fullmatch(entry.name) and entry.is_dir())


def newest(home: Home) -> Reading[Backup]:
    """Return the newest readable backup that is not of replaced data; without one, the problem of the newest."""
    problem = ""
    for backup_id in reversed(ids(home)):
        found = read(home, backup_id)
        if found.value and not found.value.is_of_replaced_data:
            return found
        problem = problem or found.problem
    return Reading(problem=problem)


def find(home: Home, backup_id: str) -> Backup:
    """Return a backup by its id, the newest if that is empty.

    :raises RolloutFailed: if there is none, or it is damaged.
    """
    found = read(home, backup_id) if backup_id else newest(home)
    if found.value is None:
        known = ", ".join(ids(home)[-5:]) or "none"
        missing = f"there is no backup {backup_id}" if backup_id else "there is no backup"
        raise RolloutFailed(found.problem or f"{missing} in {home.backups}; the newest there: {known}")
    return found.value


def prune(home: Home, keep: int) -> list[str]:
    """Remove all but the newest *keep* backups, and return the ids of those that were removed.

    A damaged one is no backup: it is neither counted nor removed, because a person should look at it.
    """
    good = [backup_id for backup_id in ids(home) if read(home, backup_id).value]
    removed = good[: max(0, len(good) - max(1, keep))]
    for backup_id in removed:
        shutil.rmtree(home.backups / backup_id)
    return removed


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _is_inside(name: str) -> bool:
    return bool(name) and not name.startswith("/") and ".." not in name.split("/") and "\0" not in name
