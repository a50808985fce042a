"""Data services of another major version: their data is written anew by the new version, inside of a rollout.

Place in the pipeline: target, begin and revert. The services that write to the data stop. It is saved, restored by a
copy of the new version into an empty volume, and compared. Then the directory of the live volume is put aside, and the
new one takes its place. ``state/data_upgrade.json`` has both before the first rename, so a revert finds them. What was
put aside stays until the next upgrade of the service: it is the way back.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    catalog,
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

_STEP = "upgrade"
_FIELDS: Mapping[str, state_file.Types] = {"release": str, "previous": str, "moves": list}
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
    """The last upgrade: its release, the one before it, and the directories."""

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
    home: Home, old: Mapping[str, Any], new: Mapping[str, Any], names: Sequence[str], owner: str, journal: Journal
) -> list[str]:
    """Let the new version write the data of *names* anew, and return the ids of the containers that were stopped.

    The servers of the old version are stopped at the end, and their data is put aside.

    :param old: the manifest of the live release. :param new: that of the new release.
    :raises RolloutFailed: if anything fails. :func:`undo` gives the old data back.
    """
    for name in names:
        if not (old["services"][name].get("backup") and new["services"][name].get("backup")):
            raise RolloutFailed(f"service '{name}': nothing says how its data is saved, so it cannot be upgraded")
    forget(home)
    stopped = _stop_writers(old, names, journal)
    options = taking.Options(owner, _ALL, (settings.read(home).value or Settings()).archive_timeout, True, tuple(names))
    backup = taking.take(home, options, journal, catalog.new_id(time.time()))
    space.check_for_restore(backup.archives)
    moves = [_move(old, name) for name in names]
    for move in moves:
        entries = [entry for entry in backup.archives if entry["service"] == move.service]
        text = f"version {_version(new['services'][move.service])} reads the data into a new volume"
        with journal.part(_STEP, "load", move.service, start_text=text, end_text="the data is as it was"):
            _load(home, new, backup, entries, move, options.timeout)
    _write(home, Record(new["release"], old["release"], tuple(moves)))
    _exchange(new["stack"], moves)
    return stopped


def back(home: Home, old: Mapping[str, Any], new: Mapping[str, Any], journal: Journal) -> list[str]:
    """Give the older release the data that was put aside, and return the ids of the containers that were stopped.

    What was written since the upgrade is put aside.

    :raises RolloutFailed: if no data of that release was put aside.
    """
    record = read(home)
    if record is None or (record.release, record.previous) != (old["release"], new["release"]):
        raise RolloutFailed(f"no data of release {new['release']} was put aside; it cannot read the data that is there")
    missing = [move.aside for move in record.moves if not Path(move.aside).is_dir()]
    if missing:
        raise RolloutFailed(f"the data of release {new['release']} is gone: {', '.join(missing)} does not exist")
    names = [move.service for move in record.moves]
    stopped = _stop_writers(old, names, journal)
    moves = [Move(move.service, move.live, move.aside, _beside(move.live, old, move.service)) for move in record.moves]
    _write(home, Record(new["release"], old["release"], tuple(moves)))
    _exchange(old["stack"], moves)
    journal.write(_STEP, "done", f"the data from before the upgrade is there again: {', '.join(names)}")
    return stopped


def undo(home: Home, release: str, stack: str, journal: Journal) -> None:
    """Give the live data back, if a rollout of *release* had put it aside. It can be repeated safely."""
    record = read(home)
    if record is None or record.release != release:
        return
    moved = [move for move in record.moves if Path(move.aside).is_dir()]
    if moved:
        _stop(stack, [move.service for move in moved])
        for move in moved:
            if Path(move.live).exists():
                Path(move.live).rename(move.incoming)
            Path(move.aside).rename(move.live)
        journal.write("revert", "done", "the data from before the upgrade is live again")
    for move in record.moves:
        shutil.rmtree(move.incoming, ignore_errors=True)
    _path(home).unlink()


def forget(home: Home) -> None:
    """Remove what earlier upgrades have put aside."""
    record = read(home)
    if record:
        for move in record.moves:
            shutil.rmtree(move.aside, ignore_errors=True)
            shutil.rmtree(move.incoming, ignore_errors=True)
        _path(home).unlink()


def read(home: Home) -> Record | None:
    """Return the last upgrade, ``None`` without one. :raises RolloutFailed: if its file is damaged."""
    remedy = "Restore it from a backup; it says where the data from before the upgrade is"
    found = state_file.read(_path(home), _FIELDS, remedy)
    problem = found.problem
    for move in (found.value or {}).get("moves", []):
        wrong = state_file.wrong_field(move, _MOVE_FIELDS) if isinstance(move, dict) else "a move is no mapping"
        problem = problem or (f"{_path(home)}: {wrong}. {remedy}" if wrong else "")
    if problem:
        raise RolloutFailed(problem)
    if found.value is None:
        return None
    moves = tuple(Move(**{name: move[name] for name in _MOVE_FIELDS}) for move in found.value["moves"])
    return Record(found.value["release"], found.value["previous"], moves)


def resume(stopped: Sequence[str]) -> None:
    """Start the containers that were stopped and that still exist."""
    existing = [one for one in stopped if docker.get(f"/containers/{one}/json")]
    if existing:
        docker.run(["start", *existing])


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
