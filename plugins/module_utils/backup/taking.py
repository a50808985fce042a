"""A backup of a stack: the archives of its services, the secrets that this host has generated, and a manifest.

Place in the pipeline: target, in a process of its own or inside of a rollout. The caller holds the lease: a migration
that waits for a dump would keep every query behind it waiting.

The manifest has ``archives`` in the order in which they are restored, each with ``service``, ``name`` (of the kind's
archive, or of the volume), ``sort`` (``stream``, ``volume`` or ``secrets``), ``item``, ``file``, ``size`` in bytes,
``sha256``, ``facts`` and ``about`` (see :mod:`facts`).
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    catalog,
    containers,
    facts,
    live_release,
    space,
    streams,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.backup.quiet import quiet
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home, write_text

_STEP = "backup"
#: Seconds for a script that lists what there is to save.
_LIST_SECONDS = 300.0
#: What tar says at its end, as bytes.
_TOTAL = re.compile(r"Total bytes written: (\d+)")
#: tar says 1 if a file changed while it was read. In a volume in use that is so.
_TAR = 'tar --create --totals --sparse --xattrs --acls --numeric-owner --directory="$1" . || [ $? -eq 1 ]'
_MIB = 1024**2


@dataclass(frozen=True)
class Options:
    """``owner``: who takes it. ``keep``: how many stay on this host. ``timeout``: seconds for one archive.

    ``before_restore``: a restore is about to replace the data. ``only``: services to save, empty for all.
    """

    owner: str
    keep: int
    timeout: float
    before_restore: bool = False
    only: Sequence[str] = ()


def take(home: Home, options: Options, journal: Journal) -> Backup:
    """Take a backup of the live release's services, remove those beyond ``keep``, and return it.

    :raises RolloutFailed: if nothing can be saved, the disk is too small, or an archive fails. Then nothing is left.
    """
    manifest = live_release.manifest(home)
    chosen = options.only or list(manifest["services"])
    saved = {name: spec for name, spec in manifest["services"].items() if spec.get("backup") and name in chosen}
    if not saved:
        raise RolloutFailed("no service of the live release says how its data is saved; see the key 'backup'")

    def save(folder: Path) -> list[dict[str, Any]]:
        archives = []
        for name, spec in saved.items():
            archives += save_service(manifest["stack"], name, spec["backup"], folder, options, journal)
        return archives + _secrets(home, folder, options)

    backup = write(home, manifest, options, save, {})
    removed = catalog.prune(home, options.keep)
    count = f"{len(backup.archives)} archives, {backup.size / _MIB:.1f} MiB"
    more = f"; removed {', '.join(removed)}" if removed else ""
    journal.write(_STEP, "done", f"backup {backup.id} is complete: {count}{more}")
    return backup


def save_service(
    project: str, name: str, method: Mapping[str, Any], folder: Path, options: Options, journal: Journal
) -> list[dict[str, Any]]:
    """Write the archives of a service of a Compose project, and return their entries for the manifest.

    :raises RolloutFailed: if the service does not run, or cannot list its data.
    :raises StreamError: if an archive fails. :raises OSError: if it cannot be written.
    """
    return _Service(project, name, method, folder, options, journal).save()


def write(
    home: Home,
    live: Mapping[str, Any],
    options: Options,
    save: Callable[[Path], list[dict[str, Any]]],
    more: Mapping[str, Any],
) -> Backup:
    """Make a backup of the archives that *save* writes to a directory.

    :param live: the manifest of the live release. :param more: further keys of the manifest.
    :raises RolloutFailed: if the disk is too small, or *save* fails. Then nothing is left.
    """
    last = catalog.newest(home).value
    space.check_for_backup(home.path, last.size if last else 0)
    started = time.monotonic()
    backup_id = catalog.new_id_in(home.backups)
    folder = catalog.begin(home, backup_id)
    try:
        archives = save(folder)
        content = {**_manifest(live, backup_id, options, archives, time.monotonic() - started), **more}
        write_text(folder / MANIFEST, json.dumps(content, indent=1) + "\n", 0o600)
        complete = catalog.complete(home, folder)
    except (StreamError, OSError) as error:
        raise RolloutFailed(_reason(error)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = catalog.read(home, complete.name)
    if found.value is None:
        raise RolloutFailed(found.problem)
    return found.value


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"the backup cannot be written: {error.strerror or error}; nothing of it was kept"
    return f"{error}; nothing of this backup was kept"


def _manifest(
    live: Mapping[str, Any], backup_id: str, options: Options, archives: Sequence[Mapping[str, Any]], seconds: float
) -> dict[str, Any]:
    services = {archive["service"] for archive in archives}
    return {
        "format": state_file.FORMAT,
        "id": backup_id,
        "stack": live["stack"],
        "environment": live.get("environment", ""),
        "host": socket.gethostname(),
        "release": live["release"],
        "version": live.get("version", ""),
        "owner": options.owner,
        "before_restore": options.before_restore,
        "seconds": round(seconds, 1),
        "images": {name: spec["pinned"] for name, spec in live["services"].items() if name in services},
        "archives": list(archives),
    }


class _Service:
    """The archives of one service."""

    def __init__(
        self, project: str, name: str, method: Mapping[str, Any], folder: Path, options: Options, journal: Journal
    ) -> None:
        self._project, self._name, self._method = project, name, method
        self._folder, self._options, self._journal = folder, options, journal

    def save(self) -> list[dict[str, Any]]:
        """Save all archives, and return their entries for the manifest."""
        (self._folder / self._name).mkdir(mode=0o700)
        result: list[dict[str, Any]] = []
        for name, archive in self._method["archives"].items():
            container = containers.running(self._project, self._name)
            for item in self._items(container, archive):
                title = f"{name} {item}" if item else name
                with self._part(title):
                    result.append(self._stream(container, name, archive, item, len(result)))
        for name, volume in self._method["volumes"].items():
            if volume["mode"] != "none":
                with self._part(f"volume {name}, the service being {volume['mode']}"):
                    result.append(self._volume(name, volume, len(result)))
        return result

    def _part(self, title: str) -> contextlib.AbstractContextManager[None]:
        return self._journal.part(_STEP, "archive", self._name, start_text=f"saving {title}", end_text="")

    def _items(self, container: Container, archive: Mapping[str, Any]) -> list[str]:
        """Return the items that an archive is made of; one without a name if it has no ``each``."""
        if not archive.get("each"):
            return [""]
        try:
            listed = container_exec.execute(container.id, ["sh", "-ec", archive["each"]], _LIST_SECONDS)
        except DockerError as error:
            raise RolloutFailed(f"service '{self._name}': its data cannot be listed: {error}", error.detail) from None
        return [line for line in listed.splitlines() if line]

    def _stream(
        self, container: Container, name: str, archive: Mapping[str, Any], item: str, number: int
    ) -> dict[str, Any]:
        variables = {"ITEM": item, "INTO": item, "FACTS": archive.get("facts") or ""}
        command = streams.in_container(container.id, archive["dump"], variables)
        return self._entry("stream", name, item, number, command)

    def _volume(self, name: str, volume: Mapping[str, Any], number: int) -> dict[str, Any]:
        source = containers.directory(containers.existing(self._project, self._name), volume["target"])
        ids = [one.id for one in docker.containers(self._project, [self._name]) if one.state == "running"]
        with quiet(volume["mode"], ids):
            return self._entry("volume", name, "", number, ["sh", "-c", _TAR, "sh", str(source)])

    def _entry(self, sort: str, name: str, item: str, number: int, command: Sequence[str]) -> dict[str, Any]:
        # The names of items and volumes can have any characters, and differ in case only.
        file = f"{self._name}/{number:04d}.zst"
        try:
            saved = streams.save(command, self._folder / file, self._options.timeout)
        except StreamError as error:
            raise StreamError(f"service '{self._name}': {name} {item}".rstrip() + f": {error}") from None
        found, about, others = facts.parse(saved.errors)
        totals = [match[1] for match in map(_TOTAL.match, others) if match]
        about.update({"size": totals[-1]} if totals else {})
        return _archive(self._name, sort, name, item, file, saved, found, about)


def _archive(
    service: str,
    sort: str,
    name: str,
    item: str,
    file: str,
    saved: streams.Saved,
    found: Mapping[str, str],
    about: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "service": service,
        "sort": sort,
        "name": name,
        "item": item,
        "file": file,
        "size": saved.size,
        "sha256": saved.sha256,
        "facts": dict(found),
        "about": dict(about),
    }


def _secrets(home: Home, folder: Path, options: Options) -> list[dict[str, Any]]:
    """Save the secrets that this host has generated: data that was encrypted with one is lost without it."""
    kept = ("secrets/generated", "secrets/previous", "secrets/salt", "state/initial.json")
    names = [name for name in kept if (home.path / name).exists()]
    if not names:
        return []
    command = ["tar", "--create", "--numeric-owner", f"--directory={home.path}", *names]
    saved = streams.save(command, folder / "secrets.zst", options.timeout)
    return [_archive("", "secrets", "secrets", "", "secrets.zst", saved, {}, {})]
