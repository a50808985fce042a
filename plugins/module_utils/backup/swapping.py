"""Swap restored data with the live data, all of a restore or nothing, and swap it back.

Place in the pipeline: target, last in a restore. ``state/restore.json`` has the swaps before the first one is made, and
says whether all of them were. So a restore that was killed between two of them can be undone: by a process that watches
this one, or by the next run if the machine went down.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import containers
from ansible_collections.slipway.stack.plugins.module_utils.backup.guard import guarded
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

_STEP = "restore"
_SCRIPT_SECONDS = 300.0
#: Seconds for a container to become healthy, in addition to those of its health check.
_MARGIN_SECONDS = 30.0
_FIELDS: Mapping[str, state_file.Types] = {"backup": str, "phase": str, "swaps": list}
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
    """The last restore: its backup, its swaps, and how far it is.

    ``phase``: ``loading`` while what will be swapped is loaded, then ``swapping``, then ``done``.
    """

    backup: str
    phase: str
    swaps: tuple[Swap, ...]


def read(home: Home) -> Record | None:
    """Return the last restore, ``None`` without one. :raises RolloutFailed: if its file is damaged."""
    remedy = "Remove it; what the restore has set aside stays until a person removes it"
    found = state_file.read(_path(home), _FIELDS, remedy)
    problem = found.problem
    for swap in (found.value or {}).get("swaps", []):
        wrong = state_file.wrong_field(swap, _SWAP_FIELDS) if isinstance(swap, dict) else "a swap is no mapping"
        problem = problem or (f"{_path(home)}: {wrong}. {remedy}" if wrong else "")
    if problem:
        raise RolloutFailed(problem)
    if found.value is None:
        return None
    swaps = tuple(Swap(**{name: one[name] for name in _SWAP_FIELDS}) for one in found.value["swaps"])
    return Record(found.value["backup"], found.value["phase"], swaps)


def swap_all(home: Home, manifest: Mapping[str, Any], backup: str, swaps: Sequence[Swap], journal: Journal) -> None:
    """Make all swaps while the containers that use the data are stopped, or none of them.

    :raises RolloutFailed: if one fails. Then those before it are undone.
    """
    before = read(home)
    _write(home, Record(backup, "swapping", tuple(swaps)))
    done: list[Swap] = []
    part = journal.part(_STEP, "swap", start_text="swapping the data", end_text="the restored data is live")
    with guarded(lambda: recover(home, manifest, journal)), part:
        try:
            _make_all(manifest, swaps, done)
        except BaseException:
            _make_all(manifest, [swap.inverse for swap in done], [])
            # Reverting can fail, too. What an earlier restore has set aside is still there.
            if before:
                _write(home, before)
            else:
                _path(home).unlink()
            raise
        _write(home, Record(backup, "done", tuple(swaps)))


def _make_all(manifest: Mapping[str, Any], swaps: Sequence[Swap], done: list[Swap]) -> None:
    """Make swaps, and add each to *done* as soon as it is made.

    First the names, in services that run while those that depend on them are stopped. Then the directories, while all
    that mount them are stopped.
    """
    with _stopped(manifest, _dependents(manifest, {swap.service for swap in swaps if swap.sort == "name"})):
        for swap in swaps:
            if swap.sort == "name":
                _make(manifest, swap)
                done.append(swap)
        with _stopped(manifest, {swap.service for swap in swaps if swap.sort == "directory"}):
            for swap in swaps:
                if swap.sort == "directory":
                    _make(manifest, swap)
                    done.append(swap)


def revert(home: Home, manifest: Mapping[str, Any], journal: Journal) -> str:
    """Swap back what the last restore has set aside, and return the id of its backup. A second call swaps again.

    :raises RolloutFailed: if there is nothing to swap back, or it fails.
    """
    recover(home, manifest, journal)
    record = read(home)
    if record is None:
        raise RolloutFailed("there is no restore to revert: none was made, or what was there before it is gone")
    swap_all(home, manifest, record.backup, [swap.inverse for swap in reversed(record.swaps)], journal)
    return record.backup


def recover(home: Home, manifest: Mapping[str, Any], journal: Journal) -> None:
    """Undo what a restore that was killed has made, and remove what it has loaded.

    :raises RolloutFailed: if that fails.
    """
    record = read(home)
    if record is None or record.phase == "done":
        return
    services = {swap.service for swap in record.swaps}
    if record.phase == "swapping":
        _start(manifest, services)
        made = [swap for swap in record.swaps if _is_made(manifest, swap)]
        _make_all(manifest, [swap.inverse for swap in made], [])
    for swap in record.swaps:
        remove(manifest, swap, swap.new)
    _start(manifest, _dependents(manifest, services))
    journal.write(_STEP, "done", f"undid the restore of backup {record.backup}, which was interrupted")
    _path(home).unlink()


def plan(home: Home, backup: str, swaps: Sequence[Swap]) -> None:
    """Write down what is about to be loaded, so that it is removed if the restore is killed."""
    _write(home, Record(backup, "loading", tuple(swaps)))


def abandon(home: Home, manifest: Mapping[str, Any]) -> None:
    """Remove what was loaded for a restore that failed.

    If even undoing its swaps has failed, nothing is removed: the next run tries again.
    """
    record = read(home)
    if record and record.phase == "loading":
        for swap in record.swaps:
            remove(manifest, swap, swap.new)
        _path(home).unlink()


def forget(home: Home, manifest: Mapping[str, Any]) -> None:
    """Remove what the last restore has set aside."""
    record = read(home)
    if record:
        for swap in record.swaps:
            remove(manifest, swap, swap.aside)
        _path(home).unlink()


def remove(manifest: Mapping[str, Any], swap: Swap, name: str) -> None:
    """Remove data that is not live: what was loaded, or what was set aside."""
    if swap.sort == "directory":
        shutil.rmtree(name, ignore_errors=True)
        return
    archive, container = _archive(manifest, swap)
    run_script(container, archive["drop"], {"ITEM": swap.live, "INTO": name})


def exists(manifest: Mapping[str, Any], service: str, archive_name: str, name: str) -> bool:
    """Return whether a service has data under a name, such as a database. :raises RolloutFailed: if it cannot say."""
    archive, container = _archive(manifest, Swap(service, "name", archive_name, "", name, ""))
    return bool(run_script(container, archive["exists"], {"ITEM": name, "INTO": name}).strip())


def run_script(container: Container, script: str, variables: Mapping[str, str]) -> str:
    """Run a script of a kind in a container and return its output. :raises RolloutFailed: if it fails."""
    pairs = [f"{name}={value}" for name, value in variables.items()]
    try:
        return container_exec.execute(container.id, ["sh", "-ec", script], _SCRIPT_SECONDS, {"Env": pairs})
    except DockerError as error:
        raise RolloutFailed(f"service '{container.service}': {error}", error.detail) from None


def _make(manifest: Mapping[str, Any], swap: Swap) -> None:
    if swap.sort == "directory":
        Path(swap.live).rename(swap.aside)
        Path(swap.new).rename(swap.live)
        return
    archive, container = _archive(manifest, swap)
    run_script(container, archive["swap"], {"ITEM": swap.live, "INTO": swap.new, "ASIDE": swap.aside})


def _is_made(manifest: Mapping[str, Any], swap: Swap) -> bool:
    """Return whether a swap was made: what was loaded is not there any more under its own name."""
    if swap.sort == "directory":
        if Path(swap.aside).exists() and not Path(swap.live).exists():
            # Killed between the two renames.
            Path(swap.new).rename(swap.live)
        return not Path(swap.new).exists()
    return not exists(manifest, swap.service, swap.archive, swap.new)


def _archive(manifest: Mapping[str, Any], swap: Swap) -> tuple[Mapping[str, Any], Container]:
    method = (manifest["services"].get(swap.service) or {}).get("backup") or {"archives": {}}
    archive = method["archives"].get(swap.archive)
    if archive is None:
        raise RolloutFailed(f"the live release has no archive '{swap.archive}' of service '{swap.service}'")
    return archive, _healthy(manifest, swap.service)


def _dependents(manifest: Mapping[str, Any], servers: set[str]) -> set[str]:
    """Return the services that depend on *servers*. The edge goes on, and answers that they are not there."""
    services = manifest["services"].items()
    return {name for name, spec in services if servers & set(spec["depends_on"]) and not spec["edge"]} - servers


@contextlib.contextmanager
def _stopped(manifest: Mapping[str, Any], services: set[str]) -> Iterator[None]:
    """Stop the running containers of *services*, and start them again."""
    found = [one for one in docker.containers(manifest["stack"], services) if services and one.state == "running"]
    ids = [one.id for one in found]
    if ids:
        docker.run(["stop", *ids], timeout=max(one.stop_grace for one in found) + 60.0)
    try:
        yield
    finally:
        if ids:
            docker.run(["start", *ids])
            for name in {one.service for one in found}:
                _healthy(manifest, name)


def _healthy(manifest: Mapping[str, Any], service: str) -> Container:
    """Return a container of a service as soon as it is healthy; a swap or a killed restore may have restarted it."""
    patience = float(manifest["services"][service]["start_seconds"]) + _MARGIN_SECONDS
    return containers.running(manifest["stack"], service, patience)


def _start(manifest: Mapping[str, Any], services: set[str]) -> None:
    """Start the containers that a killed restore has stopped."""
    found = [one for one in docker.containers(manifest["stack"], services) if services and not one.oneoff]
    ids = [one.id for one in found if one.state == "exited" and manifest["services"][one.service]["class"] != "oneshot"]
    if ids:
        docker.run(["start", *ids])


def _path(home: Home) -> Path:
    return home.state / "restore.json"


def _write(home: Home, record: Record) -> None:
    content = {"format": state_file.FORMAT, **asdict(record)}
    write_text(_path(home), json.dumps(content, indent=1) + "\n", 0o600)
