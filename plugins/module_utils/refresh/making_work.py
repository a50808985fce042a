"""A masked snapshot as work of its own on production's host: one at a time, in the journal, to its end.

Place in the pipeline: source, between the module and what does the work. It works on a copy, so it holds the lock of a
drill, and a rollout may go on.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog
from ansible_collections.slipway.stack.plugins.module_utils.refresh import making, snapshot_reader, to_its_end
from ansible_collections.slipway.stack.plugins.module_utils.refresh.making import Wanted
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease

_PREFIX = "snapshot-"


def begin(home: Home, owner: str, wanted: Wanted) -> tuple[Lease, str, Callable[[], None]]:
    """Take the lock, and return it, the name of the work in the journal, and what does it.

    :raises LeaseHeld: if a drill or another snapshot is under way.
    :raises RolloutFailed: if the stack was never deployed.
    """
    if not home.state.is_dir():
        raise RolloutFailed("nothing was ever deployed on this host, so there is nothing to make a snapshot of")
    name = f"{_PREFIX}{catalog.new_id_in(_folder(home))}"
    lease = Lease(home.backup_lease, owner, name, lambda: journal.open_for(home.backup_journal), work="masked snapshot")
    return lease, name, lambda: _run(home, wanted, name)


def path_of(home: Home, name: str) -> Path:
    """Return the file of the snapshot that the work *name* makes."""
    return _folder(home) / f"{name[len(_PREFIX) :]}.tar"


def _folder(home: Home) -> Path:
    return home.path / "snapshots"


def hand_over(home: Home, name: str, folder: Path) -> Path:
    """Copy a snapshot into a directory of another user, who becomes its owner, and return the copy.

    :param folder: a directory that only this user may enter.
    :raises RolloutFailed: if the snapshot is not there, or the disk is full.
    """
    source = snapshot_reader.read(path_of(home, name)).path
    target = folder / source.name
    try:
        owner = folder.stat()
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _not_copied(source, folder, error) from None
    try:
        with open(source, "rb") as reading, os.fdopen(file, "wb") as writing:
            os.fchown(writing.fileno(), owner.st_uid, owner.st_gid)
            shutil.copyfileobj(reading, writing, 1024**2)
    except OSError as error:
        target.unlink()
        raise _not_copied(source, folder, error) from None
    return target


def _not_copied(source: Path, folder: Path, error: OSError) -> RolloutFailed:
    return RolloutFailed(f"snapshot {source} cannot be copied to {folder}: {error.strerror}")


def _run(home: Home, wanted: Wanted, name: str) -> None:
    records = Journal(home.backup_journal, name, masking(home))

    def to_done() -> str:
        making.make(home, wanted, name[len(_PREFIX) :], records)
        return "masked snapshot"

    to_its_end.run(records, to_done, "No masked snapshot was made, and nothing has left this host")
