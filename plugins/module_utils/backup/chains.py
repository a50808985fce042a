"""What a service has that is saved continuously: chains of base backups and the WAL that follows them.

Place in the pipeline: target, between those who save continuously and those who restore to a point in time.
``backups/continuous/SERVICE/CHAIN/`` has ``wal/`` without a gap and ``bases/ID/`` with ``bases/ID.json``. When WAL was
lost, and when the server got other data, another chain begins. Containers write to ``wal/`` and ``new/`` only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, wal_files
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_FIELDS: Mapping[str, state_file.Types] = {
    "previous": str,
    "start": str,
    "started_at": (int, float),
    "finished_at": (int, float),
    "size": int,
}
#: Files of WAL that a directory has at most. 2 million files of 16 MiB are 32 TB.
_MAX_FILES = 2_000_000


@dataclass(frozen=True)
class Base:
    """A base backup. ``previous``: the one that it needs, empty for a full one. ``start``: the first WAL that it needs.

    ``started_at``, ``finished_at``: seconds of the epoch; a restore to an earlier moment than ``finished_at`` cannot
    use it. ``size``: bytes.
    """

    id: str
    previous: str
    start: str
    started_at: float
    finished_at: float
    size: int


@dataclass(frozen=True)
class Chain:
    """Base backups, and the files of WAL that follow them without a gap."""

    folder: Path

    @property
    def wal(self) -> Path:
        """The directory of the files of WAL."""
        return self.folder / "wal"

    @property
    def bases_folder(self) -> Path:
        """The directory of the base backups."""
        return self.folder / "bases"

    @property
    def new(self) -> Path:
        """The directory of the base backup that is being taken."""
        return self.folder / "new"

    def bases(self) -> list[Base]:
        """Return its base backups, oldest first. Those whose record is damaged are left out."""
        found = []
        for path in sorted(self.bases_folder.glob("*.json")):
            record = state_file.read(path, _FIELDS, "").value
            if record is not None and _ID.fullmatch(path.stem) and (self.bases_folder / path.stem).is_dir():
                found.append(Base(path.stem, **{name: record[name] for name in _FIELDS}))
        return found

    def files(self) -> list[str]:
        """Return the names of its files of WAL, sorted. :raises RolloutFailed: if there are too many."""
        found: list[str] = []
        with os.scandir(self.wal) as entries:
            for entry in entries:
                if len(found) == _MAX_FILES:
                    raise RolloutFailed(f"{self.wal} has more than {_MAX_FILES} files")
                if entry.is_file(follow_symlinks=False):
                    found.append(entry.name)
        return sorted(found)

    def received_at(self) -> float:
        """Return when WAL was last received, in seconds of the epoch; 0 if nothing was."""
        newest = 0.0
        with os.scandir(self.wal) as entries:
            for entry in entries:
                if wal_files.name(entry.name):
                    newest = max(newest, entry.stat(follow_symlinks=False).st_mtime)
        return newest

    def lineage(self, base: Base) -> list[Base]:
        """Return the base backups that *base* consists of, the full one first.

        :raises RolloutFailed: if one of them is missing.
        """
        by_id = {one.id: one for one in self.bases()}
        result = [base]
        while result[0].previous:
            previous = by_id.get(result[0].previous)
            if previous is None or previous in result:
                raise RolloutFailed(
                    f"base backup {result[0].id} needs {result[0].previous}, which is not in {self.bases_folder}"
                )
            result.insert(0, previous)
        return result

    def add(self, base: Base) -> None:
        """Make what is in :attr:`new` the base backup *base*."""
        self.new.rename(self.bases_folder / base.id)
        record = {name: value for name, value in asdict(base).items() if name != "id"}
        path = self.bases_folder / f"{base.id}.json"
        write_text(path, json.dumps({"format": state_file.FORMAT, **record}) + "\n", 0o600)

    def remove(self, base: Base) -> None:
        """Remove a base backup."""
        (self.bases_folder / f"{base.id}.json").unlink()
        shutil.rmtree(self.bases_folder / base.id)


def of_service(home: Home, service: str) -> list[Chain]:
    """Return the chains of a service, oldest first. WAL is added to the last one."""
    folder = home.backups / "continuous" / service
    if not folder.is_dir():
        return []
    return [Chain(entry) for entry in sorted(folder.iterdir()) if _ID.fullmatch(entry.name) and entry.is_dir()]


def begin(home: Home, service: str, owner: tuple[int, int]) -> Chain:
    """Begin another chain. :param owner: uid and gid of the one who writes its WAL."""
    home.backups.mkdir(mode=0o700, exist_ok=True)
    folder = home.backups / "continuous" / service
    chain = Chain(folder / catalog.new_id_in(folder))
    # A container enters them. Nobody else does: the directory of the backups is closed.
    for new in (chain.folder, chain.bases_folder):
        new.mkdir(parents=True, mode=0o755)
        new.chmod(0o755)
    _make_owned(chain.wal, owner)
    return chain


def empty_new(chain: Chain, owner: tuple[int, int]) -> None:
    """Make the directory of a base backup that begins, and remove what a killed one has left."""
    if chain.new.exists():
        shutil.rmtree(chain.new)
    for left in chain.bases_folder.iterdir():
        if left.is_dir() and not left.with_name(f"{left.name}.json").exists():
            shutil.rmtree(left)
    _make_owned(chain.new, owner)


def _make_owned(folder: Path, owner: tuple[int, int]) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, *owner)


def prune(chains: Sequence[Chain], oldest: float) -> list[str]:
    """Remove what a restore to *oldest* or a later moment does not need, and return the base backups among it.

    :param oldest: seconds of the epoch.
    """
    ends = [base.finished_at for chain in chains for base in chain.bases()]
    first = max((end for end in ends if end <= oldest), default=oldest)
    removed = []
    for chain in chains:
        bases = chain.bases()
        kept = {one for base in bases if base.finished_at >= first for one in _lineage(chain, base)}
        for base in bases:
            if base not in kept:
                chain.remove(base)
                removed.append(base.id)
        if kept:
            for file in wal_files.before(chain.files(), wal_files.oldest(base.start for base in kept)):
                (chain.wal / file).unlink()
        elif chain is not chains[-1]:
            shutil.rmtree(chain.folder)
    return removed


def _lineage(chain: Chain, base: Base) -> list[Base]:
    try:
        return chain.lineage(base)
    except RolloutFailed:
        # Nobody can restore it. Whoever tries to learns why.
        return [base]
