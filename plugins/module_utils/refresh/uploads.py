"""Files of a volume that a snapshot gets by rule, out of the backup of that volume.

Place in the pipeline: source, after the rows. Nobody can mask a file, so a rule names the files that are harmless, and
says why. Everything else stays: other files, links, and what is no regular file.
"""

from __future__ import annotations

import fnmatch
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, cast

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import SECRET, SecretCounter
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_writer import Writer
from ansible_collections.slipway.stack.plugins.module_utils.refresh.source_database import Find
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

SORT = "files"
#: Rules by service and volume, normalised by the controller.
Rules = Mapping[str, Mapping[str, Mapping[str, Any]]]
_BLOCK = 1024**2
#: As tar names the directory that it was told to save.
_ROOT = "."


def problems(backup: Backup, rules: Rules) -> list[str]:
    """Return a sentence for each volume of the rules that the backup does not have."""
    known = sorted(f"{one['service']}: {one['name']}" for one in backup.archives if one["sort"] == "volume")
    return [
        f"uploads: {service}: {volume}: backup {backup.id} has no such volume; it has {', '.join(known) or 'none'}"
        for service, volume, _rule in _each(rules)
        if _entry(backup, service, volume) is None
    ]


def size(backup: Backup, rules: Rules) -> int:
    """Return the bytes of the archives that files are taken from."""
    entries = [_entry(backup, service, volume) for service, volume, _rule in _each(rules)]
    return sum(int(entry["size"]) for entry in entries if entry)


def add(writer: Writer, backup: Backup, rules: Rules, secrets: Sequence[bytes], journal: Journal) -> list[Find]:
    """Add the files that the rules name, a member for each volume, and return the secrets of production in them.

    :raises RolloutFailed: if an archive is damaged, or the backup does not have it.
    """
    finds = []
    for service, volume, rule in _each(rules):
        entry = _entry(backup, service, volume)
        if entry is None:
            raise RolloutFailed(problems(backup, rules)[0])
        chosen = _Chosen(rule["paths"], rule["largest"], secrets)
        archive = backup.path(entry)
        try:
            streams.check(archive, entry["sha256"])
        except StreamError as error:
            raise RolloutFailed(f"backup {backup.id}: service '{service}': volume {volume}: {error}") from None
        about = {"service": service, "volume": volume}
        writer.add(SORT, streams.decompressing(archive), chosen, about, chosen.carry)
        text = f"took {chosen.rows} of {chosen.seen} files of volume {volume}"
        journal.write("snapshot", "done", text, service, part="files")
        if chosen.secrets:
            finds.append(Find(f"uploads: {service}: {volume}", "", SECRET, chosen.secrets))
    return finds


def _each(rules: Rules) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for service, volumes in rules.items():
        for volume, rule in volumes.items():
            yield service, volume, rule


def _entry(backup: Backup, service: str, volume: str) -> dict[str, Any] | None:
    found = (one for one in backup.archives if one["sort"] == "volume" and one["service"] == service)
    return next((one for one in found if one["name"] == volume), None)


class _Chosen:
    """The chosen files on their way from one tar file to another. ``rows``: their number. ``size``: bytes written.

    ``seen``: all regular files. ``secrets``: how often a secret of production is in the chosen ones.
    """

    def __init__(self, paths: Sequence[str], largest: int, secrets: Sequence[bytes]) -> None:
        """:param largest: bytes of a file, 0 for any."""
        self._paths, self._largest, self._secrets = paths, largest, secrets
        self._folders: dict[str, tarfile.TarInfo] = {}
        self.rows = self.size = self.seen = self.secrets = 0

    def carry(self, source: IO[bytes], write: Callable[[bytes], bool]) -> None:
        """Read a tar file to its end, and write one of the chosen files."""
        writing = cast("IO[bytes]", _Writing(self, write))
        with (
            tarfile.open(fileobj=source, mode="r|") as given,
            tarfile.open(fileobj=writing, mode="w|", format=tarfile.PAX_FORMAT) as taken,
        ):
            while (entry := given.next()) is not None:
                self._pass(entry, given, taken)
                # They would remember all entries.
                given.members.clear()  # type: ignore[attr-defined]
                taken.members.clear()  # type: ignore[attr-defined]
        while source.read(_BLOCK):
            pass

    def _pass(self, entry: tarfile.TarInfo, given: tarfile.TarFile, taken: tarfile.TarFile) -> None:
        """Add a chosen file with its directories, and the directory of the volume, which always is there."""
        if entry.isdir():
            self._folders[entry.name] = entry
        self.seen += entry.isreg()
        content = given.extractfile(entry) if self._is_chosen(entry) else None
        for folder in _parents(entry.name) if content else [_ROOT]:
            if folder in self._folders:
                taken.addfile(_plain(self._folders.pop(folder)))
        if content:
            self.rows += 1
            taken.addfile(_plain(entry), cast("IO[bytes]", self.searched(content)))

    def feed(self, block: bytes) -> None:
        """See a block of what is written."""
        self.size += len(block)

    def finish(self) -> None:
        """Nothing is left."""

    def searched(self, content: IO[bytes]) -> _Searched:
        """Return the content of a file, which is searched while it is read."""
        counter = SecretCounter(self._secrets)

        def see(block: bytes) -> None:
            self.secrets += counter.count(block)

        return _Searched(content, see)

    def _is_chosen(self, entry: tarfile.TarInfo) -> bool:
        path = entry.name[2:] if entry.name.startswith("./") else entry.name
        fits = entry.isreg() and (not self._largest or entry.size <= self._largest)
        return fits and any(fnmatch.fnmatchcase(path, pattern) for pattern in self._paths)


class _Writing:
    """What :mod:`tarfile` writes to."""

    def __init__(self, chosen: _Chosen, write: Callable[[bytes], bool]) -> None:
        self._chosen, self._write = chosen, write

    def write(self, block: bytes) -> int:
        """Write a block. :raises StreamError: if nobody reads it."""
        self._chosen.feed(block)
        if not self._write(block):
            raise StreamError("the compression has ended early")
        return len(block)


class _Searched:
    """The content of a file, each block of which is shown to a function."""

    def __init__(self, content: IO[bytes], see: Callable[[bytes], None]) -> None:
        self._content, self._see = content, see

    def read(self, length: int = _BLOCK) -> bytes:
        """Read at most *length* bytes."""
        block = self._content.read(length)
        self._see(block)
        return block


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry with name, mode, time and owner only: no links, no sparse map, no attributes."""
    made = tarfile.TarInfo(entry.name)
    made.type, made.size = (tarfile.DIRTYPE, 0) if entry.isdir() else (tarfile.REGTYPE, entry.size)
    # A file never runs as its owner. In a directory, these bits say who owns new files.
    made.mode = entry.mode & (0o7777 if entry.isdir() else 0o777)
    made.mtime, made.uid, made.gid = entry.mtime, entry.uid, entry.gid
    return made


def _parents(path: str) -> list[str]:
    """Return the directories of a path, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
