"""What a restore swaps, on disk: the restore that is under way, and the last one, which can be reverted.

Place in the pipeline: target, under :mod:`swapping`. ``state/restoring.json`` exists while a restore is under way. When
its data is live, the file becomes ``state/restore.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

#: What ``backup`` begins with if the data came from a masked snapshot. The id of a backup begins with a digit.
SNAPSHOT = "snapshot "
_PREFIX = "slipway_"
_STAMP = re.compile(_PREFIX + r"([0-9]{8}t[0-9]{6}z)_")
_REMEDY = "Remove it; what the restore has set aside stays until a person removes it"
_FIELDS: Mapping[str, state_file.Types] = {"backup": str, "phase": str, "loaded": bool, "swaps": list}
_SWAP_FIELDS: Mapping[str, state_file.Types] = {
    "service": str,
    "sort": str,
    "archive": str,
    "live": str,
    "new": str,
    "aside": str,
}


@dataclass(frozen=True)
class Swap:
    """What is ``live`` becomes ``aside``, and ``new`` becomes live.

    ``sort``: ``name`` for names in a service, such as databases, that the script of its ``archive`` swaps; or
    ``directory`` for directories of this host.
    """

    service: str
    sort: str
    archive: str
    live: str
    new: str
    aside: str

    @property
    def inverse(self) -> Swap:
        """The swap that undoes this one."""
        return Swap(self.service, self.sort, self.archive, self.live, self.aside, self.new)


@dataclass(frozen=True)
class Record:
    """A restore: its backup, its swaps, and how far it is.

    ``phase``: ``loading`` while what will be swapped is loaded, then ``swapping``, then ``swapped``. ``loaded``:
    whether this restore has loaded what it swaps. A revert has not: it swaps what was set aside.
    """

    backup: str
    phase: str
    loaded: bool
    swaps: tuple[Swap, ...]

    @property
    def of_snapshot(self) -> bool:
        """Whether its data came from a masked snapshot, not from a backup."""
        return self.backup.startswith(SNAPSHOT)

    @property
    def title(self) -> str:
        """How messages name what was restored."""
        return self.backup if self.of_snapshot else f"backup {self.backup}"


def last(home: Home) -> Record | None:
    """Return the last restore, ``None`` without one. :raises RolloutFailed: if its file is damaged."""
    return _read(_last(home))


def begun(home: Home) -> Record | None:
    """Return the restore that is under way, ``None`` without one. :raises RolloutFailed: if its file is damaged."""
    return _read(_begun(home))


def write(home: Home, record: Record) -> None:
    """Write how far the restore is that is under way."""
    content = {"format": state_file.FORMAT, **asdict(record)}
    write_text(_begun(home), json.dumps(content, indent=1) + "\n", 0o600)


def new_prefix(home: Home) -> str:
    """Return what the names of data that is not live begin with, unlike those that the last restore has set aside.

    :raises RolloutFailed: if the file of the last restore is damaged.
    """
    record = last(home)
    names = [name for swap in (record.swaps if record else ()) for name in (swap.new, swap.aside)]
    stamps = [found[1].upper() for found in map(_STAMP.search, names) if found]
    # Not the id of the backup: it may be restored more than once. Lower case needs no quotes in SQL.
    return f"{_PREFIX}{catalog.new_id(stamps).lower()}"


def complete(home: Home) -> None:
    """Make the restore that is under way the last one."""
    _begun(home).replace(_last(home))


def discard(home: Home) -> None:
    """Forget the restore that is under way: nothing of it is left."""
    _begun(home).unlink(missing_ok=True)


def _last(home: Home) -> Path:
    return home.state / "restore.json"


def _begun(home: Home) -> Path:
    return home.state / "restoring.json"


def _read(path: Path) -> Record | None:
    found = state_file.read(path, _FIELDS, _REMEDY)
    problem = found.problem
    for swap in (found.value or {}).get("swaps", []):
        wrong = state_file.wrong_field(swap, _SWAP_FIELDS)
        problem = problem or (f"{path}: a swap: {wrong}. {_REMEDY}" if wrong else "")
    if problem:
        raise RolloutFailed(problem)
    if found.value is None:
        return None
    value = found.value
    swaps = tuple(Swap(**{name: one[name] for name in _SWAP_FIELDS}) for one in value["swaps"])
    return Record(value["backup"], value["phase"], value["loaded"], swaps)
