"""Data services of another major version: their data is written anew by the new version, inside of a rollout.

Place in the pipeline: target, begin and revert. The services that write to the data stop. It is saved, restored by a
copy of the new version into an empty volume, and compared. Then the directory of the live volume is put aside, and the
new one takes its place. ``state/data_upgrade.json`` has both before the first rename, so a revert finds them. What was
put aside stays until the next upgrade of the service: it is the way back.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    containers,
    loading,
    settings,
    space,
    swapping,
    taking,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.backup.throwaway import throwaway
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

_STEP = "upgrade"
_FIELDS: Mapping[str, state_file.Types] = {"since": (int, float), "release": str, "previous": str, "moves": list}
_MOVE_FIELDS: Mapping[str, state_file.Types] = {"service": str, "live": str, "incoming": str, "aside": str}
#: No backup is removed for the one that an upgrade restores.
_ALL = 10**6


@dataclass(frozen=True)
class Move:
    """The directory ``live`` becomes ``aside``, and ``incoming`` becomes ``live``."""

    service: str
    live: str
    incoming: str
    aside: str


@dataclass(frozen=True)
class Record:
    """The last upgrade: when its rollout began, its release, the one before it, and the directories."""

    since: float
    release: str
    previous: str
    moves: tuple[Move, ...]


def changed(old: Mapping[str, Any] | None, new: Mapping[str, Any], allowed: Collection[str]) -> list[str]:
    """Return the services of *allowed* whose data is of another version in the other release. Pure."""
    before = (old or {"services": {}})["services"]
    return [
        name
        for name in allowed
        if name in before and name in new["services"] and _version(before[name]) != _version(new["services"][name])
    ]


def upgrade(
    home: Home, old: Mapping[str, Any], new: Mapping[str, Any], names: Sequence[str], tx: Transaction, journal: Journal
) -> list[str]:
    """Let the new version write the data of *names* anew, and return the ids of the containers that were stopped.

    The servers of the old version are stopped at the end, and their data is put aside.

    :param old: the manifest of the live release. :param new: that of the new release.
    :raises RolloutFailed: if anything fails. :func:`undo` gives the old data back.
    """
    for name in names:
        if not (old["services"][name].get("backup") and new["services"][name].get("backup")):
            raise RolloutFailed(f"service '{name}': nothing says how its data is saved, so it cannot be upgraded")
    stopped = _stop_writers(old, names, journal)
    timeout = (settings.read(home).value or Settings()).archive_timeout
    options = taking.Options(tx.owner, _ALL, timeout, before_restore=True, only=tuple(names))
    backup = taking.take(home, options, journal)
    space.check_for_restore(backup.archives)
    moves = [_move(old, name) for name in names]
    for move in moves:
        entries = [entry for entry in backup.archives if entry["service"] == move.service]
        text = f"version {_version(new['services'][move.service])} reads the data into a new volume"
        with journal.part(_STEP, "load", move.service, start_text=text, end_text="the data is as it was"):
            _load(home, new, backup, entries, move, options.timeout)
    _forget(home)
    _write(home, Record(tx.since, new["release"], old["release"], tuple(moves)))
    _exchange(new["stack"], moves)
    return stopped


def back(home: Home, old: Mapping[str, Any], new: Mapping[str, Any], tx: Transaction, journal: Journal) -> list[str]:
    """Give the older release the data that was put aside, and return the ids of the containers that were stopped.

    What was written since the upgrade is put aside.

    :raises RolloutFailed: if no data of that release was put aside.
    """
    record = read(home)
    if record is None or record.previous != new["release"]:
        found = f"; there is that of release {record.previous}" if record else ""
        raise RolloutFailed(f"no data of release {new['release']} was put aside by an upgrade{found}")
    missing = [move.aside for move in record.moves if not Path(move.aside).is_dir()]
    if missing:
        raise RolloutFailed(f"the data of release {new['release']} is gone: {', '.join(missing)} does not exist")
    names = [move.service for move in record.moves]
    stopped = _stop_writers(old, names, journal)
    moves = [Move(move.service, move.live, move.aside, _beside(move.live, old, move.service)) for move in record.moves]
    _write(home, Record(tx.since, new["release"], old["release"], tuple(moves)))
    _exchange(old["stack"], moves)
    journal.write(_STEP, "done", f"the data from before the upgrade is there again: {', '.join(names)}")
    return stopped


def undo(home: Home, tx: Transaction, stack: str, journal: Journal) -> None:
    """Give the live data back, if the rollout *tx* had put it aside. It can be repeated safely.

    What an earlier rollout has put aside stays: that upgrade is proven.
    """
    record = read(home)
    if record is None or record.since != tx.since:
        return
    moved = [move for move in record.moves if Path(move.aside).is_dir()]
    if moved:
        _stop(stack, [move.service for move in moved])
        for move in moved:
            if Path(move.live).exists():
                Path(move.live).rename(move.incoming)
            Path(move.aside).rename(move.live)
        journal.write("revert", "done", "the data from before is live again")
    went_back = record.release < record.previous
    for move in record.moves if not went_back else ():
        shutil.rmtree(move.incoming, ignore_errors=True)
    if went_back:
        # What the upgrade has put aside is in its place again.
        moves = tuple(Move(one.service, one.live, one.aside, one.incoming) for one in record.moves)
        _write(home, Record(0.0, record.previous, record.release, moves))
    else:
        _path(home).unlink()


def before_upgrade(home: Home) -> str:
    """Return the release whose data was put aside. :raises RolloutFailed: if there is none."""
    record = read(home)
    if record is None:
        raise RolloutFailed("no data was put aside: no database of this stack was upgraded on this host")
    return record.previous


def read(home: Home) -> Record | None:
    """Return the last upgrade, ``None`` without one. :raises RolloutFailed: if its file is damaged."""
    remedy = "Restore it from a backup; it says where the data from before the upgrade is"
    found = state_file.read(_path(home), _FIELDS, remedy)
    problem = found.problem
    for move in (found.value or {}).get("moves", []):
        wrong = state_file.wrong_field(move, _MOVE_FIELDS)
        problem = problem or (f"{_path(home)}: a move: {wrong}. {remedy}" if wrong else "")
    if problem:
        raise RolloutFailed(problem)
    if found.value is None:
        return None
    moves = tuple(Move(**{name: move[name] for name in _MOVE_FIELDS}) for move in found.value["moves"])
    return Record(found.value["since"], found.value["release"], found.value["previous"], moves)


def resume(stopped: Sequence[str]) -> None:
    """Start the containers that were stopped and that still exist."""
    replicas.start([found for one in stopped if (found := docker.inspect(one))])


def _forget(home: Home) -> None:
    """Remove what the upgrade before this one has put aside."""
    record = read(home)
    for move in record.moves if record else ():
        shutil.rmtree(move.aside, ignore_errors=True)


def _load(
    home: Home,
    new: Mapping[str, Any],
    backup: Backup,
    entries: Sequence[Mapping[str, Any]],
    move: Move,
    timeout: float,
) -> None:
    """Let a copy of the new version restore the archives under their own names, and take its volume."""
    method = new["services"][move.service]["backup"]["archives"]
    with throwaway(home, new["release"], move.service) as copy:
        container = copy.start()
        for entry in entries:
            archive = method[entry["name"]]
            if entry["item"]:
                # The image makes an empty one of this name.
                swapping.run_script(container, archive["drop"], {"ITEM": entry["item"], "INTO": entry["item"]})
            loading.into_container(backup, entry, archive, container, entry["item"], timeout)
        source = containers.directory(container, _target(new, move.service))
        copy.stop()
        shutil.rmtree(move.incoming, ignore_errors=True)
        shutil.move(str(source), move.incoming)


def _move(old: Mapping[str, Any], name: str) -> Move:
    live = str(containers.directory(containers.existing(old["stack"], name), _target(old, name)))
    return Move(name, live, f"{live}.slipway-next", _beside(live, old, name))


def _beside(live: str, manifest: Mapping[str, Any], name: str) -> str:
    return f"{live}.slipway-{_version(manifest['services'][name])}"


def _version(spec: Mapping[str, Any]) -> str:
    return str((spec.get("data_version") or {}).get("is", ""))


def _target(manifest: Mapping[str, Any], name: str) -> str:
    """Return where a service has the volume with its data. :raises RolloutFailed: if it has none."""
    spec = manifest["services"][name]
    volume = spec["data_version"]["volume"]
    for mount in spec["settings"].get("volumes") or []:
        source, target = (
            (mount.get("source"), mount.get("target")) if isinstance(mount, Mapping) else mount.split(":")[:2]
        )
        if source == volume:
            return str(target)
    raise RolloutFailed(f"service '{name}': volume {volume} is not mounted, so its data cannot be upgraded")


def _stop_writers(old: Mapping[str, Any], names: Sequence[str], journal: Journal) -> list[str]:
    """Stop the services that depend on *names*, and return the ids of their containers."""
    writers = swapping.dependents(old, set(names))
    with journal.part(_STEP, "stop", start_text=f"stopping {', '.join(sorted(writers)) or 'nothing'}", end_text=""):
        return _stop(old["stack"], sorted(writers))


def _stop(stack: str, names: Sequence[str]) -> list[str]:
    found = [one for one in docker.containers(stack, names) if one.state == "running"] if names else []
    replicas.stop(found)
    return [one.id for one in found]


def _exchange(stack: str, moves: Sequence[Move]) -> None:
    """Stop the servers, and put the incoming directories into the place of the live ones."""
    _stop(stack, [move.service for move in moves])
    for move in moves:
        Path(move.live).rename(move.aside)
        Path(move.incoming).rename(move.live)


def _path(home: Home) -> Path:
    return home.state / "data_upgrade.json"


def _write(home: Home, record: Record) -> None:
    content = {"format": state_file.FORMAT, **asdict(record)}
    write_text(_path(home), json.dumps(content, indent=1) + "\n", 0o600)
