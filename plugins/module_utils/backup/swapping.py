"""Swap restored data with the live data, all of a restore or nothing, and swap it back.

Place in the pipeline: target, last in a restore. The record of the restore has its swaps before the first one is made.
So a restore that was killed between two of them can be undone: by a process that watches this one, or by the next run
if the machine went down.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import containers, restore_record
from ansible_collections.slipway.stack.plugins.module_utils.backup.guard import guarded
from ansible_collections.slipway.stack.plugins.module_utils.backup.restore_record import Record, Swap
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_STEP = "restore"
_SCRIPT_SECONDS = 300.0
#: Seconds for a container to become healthy, in addition to those of its health check.
_MARGIN_SECONDS = 30.0
#: Seconds in which a command begins that the engine has got.
_BEGIN_SECONDS = 0.5


def of_directory(manifest: Mapping[str, Any], service: str, volume: str, target: str, prefix: str) -> Swap:
    """Return the swap of the directory that a service has at *target*, with another one next to it.

    :param prefix: of the names that data has which is not live.
    :raises RolloutFailed: if the service has no container, or nothing there.
    """
    live = containers.directory(containers.existing(manifest["stack"], service), target)
    new, aside = (live.with_name(f"{live.name}.{prefix}_{word}") for word in ("new", "old"))
    return Swap(service, "directory", volume, str(live), str(new), str(aside))


def swap_all(
    home: Home, manifest: Mapping[str, Any], journal: Journal, while_stopped: Callable[[], None] = lambda: None
) -> None:
    """Make all swaps of the restore that is under way, while the containers that use the data are stopped.

    What the restore before it has set aside is removed then.

    :param while_stopped: what else has to succeed after the swaps and before the containers start again, such as a
        migration of the new data.
    :raises RolloutFailed: if one fails. Then those before it are undone, and the restore is still under way.
    """
    record = restore_record.begun(home)
    if record is None:
        raise RolloutFailed("no restore is under way, so there is nothing to swap")
    restore_record.write(home, replace(record, phase="swapping"))
    done: list[Swap] = []
    part = journal.part(_STEP, "swap", start_text="swapping the data", end_text="the restored data is live")
    with guarded(lambda: recover(home, manifest, journal)), part:
        try:
            _make_all(manifest, record.swaps, done, while_stopped)
        except BaseException:
            _make_all(manifest, [swap.inverse for swap in done], [])
            # Undoing can fail, too. Then the next run tries again.
            restore_record.write(home, replace(record, phase="loading"))
            raise
        restore_record.write(home, replace(record, phase="swapped"))
    _end(home, manifest)


def _end(home: Home, manifest: Mapping[str, Any]) -> None:
    """Remove what the restore before this one has set aside, and make this one the last."""
    before = restore_record.last(home)
    for swap in before.swaps if before else ():
        remove(manifest, swap, swap.aside)
    restore_record.complete(home)


def _make_all(
    manifest: Mapping[str, Any],
    swaps: Sequence[Swap],
    done: list[Swap],
    while_stopped: Callable[[], None] = lambda: None,
) -> None:
    """Make swaps, and add each to *done* as soon as it is made.

    First the names, in services that run while those that depend on them are stopped. Then the directories, while all
    that mount them are stopped.
    """
    with _stopped(manifest, dependents(manifest, {swap.service for swap in swaps if swap.sort == "name"})):
        for swap in swaps:
            if swap.sort == "name":
                _make(manifest, swap)
                done.append(swap)
        with _stopped(manifest, {swap.service for swap in swaps if swap.sort == "directory"}):
            for swap in swaps:
                if swap.sort == "directory":
                    _make(manifest, swap)
                    done.append(swap)
        while_stopped()


def revert(home: Home, manifest: Mapping[str, Any], journal: Journal, of_snapshot: bool = False) -> str:
    """Swap back what the last restore has set aside, and return the id of its backup. A second call swaps again.

    :param of_snapshot: whether it is a refresh that is reverted, not a restore of a backup.
    :raises RolloutFailed: if there is nothing to swap back, the last one was of the other sort, or it fails.
    """
    recover(home, manifest, journal)
    work = "refresh" if of_snapshot else "restore"
    last = restore_record.last(home)
    if last is None:
        raise RolloutFailed(f"there is no {work} to revert: none was made, or what was there before it is gone")
    if last.of_snapshot != of_snapshot:
        command = "restore.yml -e restore_revert" if of_snapshot else "refresh_staging.yml -e refresh_revert"
        raise RolloutFailed(f"what came last is {last.title}, and no {work}; use playbooks/{command}=true to revert it")
    inverse = tuple(swap.inverse for swap in reversed(last.swaps))
    restore_record.write(home, Record(last.backup, "loading", False, inverse))
    try:
        swap_all(home, manifest, journal)
    except BaseException:
        abandon(home, manifest)
        raise
    return last.backup


def recover(home: Home, manifest: Mapping[str, Any], journal: Journal) -> None:
    """Complete a restore that was killed after its swaps; undo any other, and remove what it has loaded.

    :raises RolloutFailed: if that fails.
    """
    record = restore_record.begun(home)
    if record is None:
        return
    if record.phase == "swapped":
        _end(home, manifest)
        return
    services = {swap.service for swap in record.swaps}
    if record.phase == "swapping":
        _end_jobs(manifest)
        _start(manifest, services)
        _wait_for_scripts(manifest, services)
        made = [swap for swap in record.swaps if _is_made(manifest, swap)]
        _make_all(manifest, [swap.inverse for swap in made], [])
        restore_record.write(home, replace(record, phase="loading"))
    _start(manifest, dependents(manifest, services))
    abandon(home, manifest)
    journal.write(_STEP, "done", f"undid the restore of {record.title}, which was interrupted")


def abandon(home: Home, manifest: Mapping[str, Any]) -> None:
    """Remove what was loaded for a restore whose data did not become live.

    If even undoing its swaps has failed, nothing is removed: the next run tries again.
    """
    record = restore_record.begun(home)
    if record and record.phase == "loading":
        for swap in record.swaps if record.loaded else ():
            remove(manifest, swap, swap.new)
        restore_record.discard(home)


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


def dependents(manifest: Mapping[str, Any], servers: set[str]) -> set[str]:
    """Return the services that depend on *servers*. The edge goes on, and answers that they are not there."""
    services = manifest["services"].items()
    return {name for name, spec in services if servers & set(spec["depends_on"]) and not spec["edge"]} - servers


@contextlib.contextmanager
def _stopped(manifest: Mapping[str, Any], services: set[str]) -> Iterator[None]:
    """Stop the running containers of *services*, and start them again."""
    found = [one for one in docker.containers(manifest["stack"], services) if services and one.state == "running"]
    replicas.stop(found)
    try:
        yield
    finally:
        replicas.start(found)
        for name in {one.service for one in found}:
            _healthy(manifest, name)


def _healthy(manifest: Mapping[str, Any], service: str) -> Container:
    """Return a container of a service as soon as it is healthy; a swap or a killed restore may have restarted it."""
    patience = float(manifest["services"][service]["start_seconds"]) + _MARGIN_SECONDS
    return containers.running(manifest["stack"], service, patience)


def _start(manifest: Mapping[str, Any], services: set[str]) -> None:
    """Start the containers that a killed restore has stopped."""
    found = [one for one in docker.containers(manifest["stack"], services) if services and not one.oneoff]
    classes = {name: spec["class"] for name, spec in manifest["services"].items()}
    replicas.start([one for one in found if one.state == "exited" and classes[one.service] != "oneshot"])


def _wait_for_scripts(manifest: Mapping[str, Any], services: set[str]) -> None:
    """Wait until the script of a killed swap has ended. The engine runs it, so it goes on without this process."""
    # What was sent when the process was killed begins within this time.
    time.sleep(_BEGIN_SECONDS)
    deadline = time.monotonic() + _MARGIN_SECONDS
    for container in docker.containers(manifest["stack"], services) if services else ():
        for exec_id in (docker.get(f"/containers/{container.id}/json") or {}).get("ExecIDs") or []:
            while (docker.get(f"/exec/{exec_id}/json") or {}).get("Running") and time.monotonic() < deadline:
                time.sleep(_BEGIN_SECONDS / 5)


def _end_jobs(manifest: Mapping[str, Any]) -> None:
    """End release jobs that a killed run has started. They would go on in the data that is swapped back."""
    jobs = {str(spec["release"]) for spec in manifest["services"].values() if spec.get("release")}
    found = [one.id for one in docker.containers(manifest["stack"], jobs) if jobs and one.oneoff]
    if found:
        docker.run(["rm", "--force", *found])
