"""Whether the disks of this host have space for a backup, or for data that is restored next to the live data.

Place in the pipeline: target, before anything is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

#: Bytes that stay free on a disk, whatever is written: the stack needs some to go on.
RESERVE = 256 * 1024**2
#: A new backup may be larger than the last one by this factor.
_GROWTH = 1.25
#: Bytes that one byte of an archive becomes, where nobody has said how large the original was.
_EXPANSION = 4
_MIB = 1024**2


def check_for_backup(folder: Path, last: int) -> None:
    """Check the disk of the backups.

    :param last: bytes of the last backup, 0 without one. :raises RolloutFailed: if there is too little space.
    """
    _check(folder, int(last * _GROWTH), "another backup", "remove data there, or lower backup_keep")


def check_for_restore(archives: Iterable[Mapping[str, Any]]) -> None:
    """Check the disk of the engine, which has the volumes.

    :param archives: as the manifest has them. The fact ``size`` is the bytes of the original.
    :raises RolloutFailed: if there is too little space.
    """
    check_for_data(sum(original_size(archive) for archive in archives))


def check_for_data(needed: int) -> None:
    """Check the disk of the engine for data that is loaded next to the live data.

    :param needed: its bytes. :raises RolloutFailed: if there is too little space.
    """
    root = (docker.get("/info") or {}).get("DockerRootDir") or "/var/lib/docker"
    _check(Path(root), needed, "the restored data next to the live data", "remove data there")


def check_for_snapshot(folder: Path, size: int) -> None:
    """Check the disk of the masked snapshots.

    :param size: bytes of the archive that it is made of. :raises RolloutFailed: if there is too little space.
    """
    _check(folder, int(size * _GROWTH), "a masked snapshot", "remove data there")


def original_size(archive: Mapping[str, Any]) -> int:
    """Return how many bytes an archive has when it is restored, as far as is known."""
    known = str(archive["about"].get("size", ""))
    return int(known) if known.isdecimal() else int(archive["size"]) * _EXPANSION


def is_short(folder: Path) -> bool:
    """Return whether a disk has less space than must stay free."""
    return shutil.disk_usage(folder).free < RESERVE


def _check(folder: Path, needed: int, purpose: str, remedy: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        raise RolloutFailed(
            f"the disk of {folder} needs about {(needed + RESERVE) // _MIB} MiB for {purpose}, and {free // _MIB} MiB "
            f"are free; {remedy}"
        )
