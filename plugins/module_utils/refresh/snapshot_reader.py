"""A masked snapshot as it arrives: checked before anything of it is used, and read in place.

Place in the pipeline: target, first on the destination. A snapshot is a tar file: ``manifest.json``, then the
compressed members that the manifest names, in the order in which they are loaded. Nothing is unpacked to the disk.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ansible_collections.slipway.stack.plugins.module_utils.refresh import scan
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

FORMAT = 1
SORTS = ("pre-data", "rows", "sequences", "large-objects", "files", "post-data")
_MANIFEST = "manifest.json"
#: Bytes of the manifest. One of ten thousand tables is smaller.
_MAX_MANIFEST = 16 * 1024**2
_MAX_MEMBERS = 20_000
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_FILE = re.compile(r"[0-9]{1,6}\.zst")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FIELDS: Mapping[str, state_file.Types] = {
    "format": int,
    "id": str,
    "source": dict,
    "server_version": str,
    "database": str,
    "extensions": list,
    "domain": str,
    "members": list,
}
_MEMBER_FIELDS: Mapping[str, state_file.Types] = {
    "file": str,
    "sort": str,
    "size": int,
    "plain_size": int,
    "sha256": str,
}
_FILES_FIELDS: Mapping[str, state_file.Types] = {"service": str, "volume": str, "rows": int}
_ROWS_FIELDS: Mapping[str, state_file.Types] = {"table": str, "copy": str, "rows": int, "search": dict}
_FIELDS_OF_SORT = {"rows": _ROWS_FIELDS, "files": _FILES_FIELDS}


@dataclass(frozen=True)
class Member:
    """One member. ``offset`` and ``size``: where it is in the file, in bytes. ``plain_size``: bytes uncompressed.

    ``table`` and ``copy``: of rows. ``service`` and ``volume``: of files. ``rows``: their number, or that of the files.
    ``search``: by column, what the loaded rows are searched for, see :mod:`loaded_scan`.
    """

    file: str
    sort: str
    table: str
    copy: str
    service: str
    volume: str
    rows: int
    offset: int
    size: int
    plain_size: int
    sha256: str
    search: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """A snapshot. ``source``: the stack that it was made of, as its manifest says. ``domain``: of masked addresses."""

    path: Path
    id: str
    source: Mapping[str, str]
    server_version: str
    database: str
    extensions: tuple[str, ...]
    domain: str
    members: tuple[Member, ...]

    @property
    def plain_size(self) -> int:
        """Bytes of all members, uncompressed."""
        return sum(member.plain_size for member in self.members)

    @property
    def major(self) -> int:
        """The major version of the server that its data comes from."""
        return int(self.server_version.split(".")[0].split()[0])


def read(path: Path) -> Snapshot:
    """Return a snapshot whose structure is right. The checksums are compared when the members are loaded.

    :raises RolloutFailed: if it is no regular file, is truncated, or has something that its manifest does not name.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise RolloutFailed(f"snapshot {path} cannot be read: {error.strerror}") from None
    with os.fdopen(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise RolloutFailed(f"snapshot {path} is not a regular file")
        try:
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                return _read(path, archive, os.fstat(file).st_size)
        except (tarfile.TarError, EOFError, ValueError, RecursionError) as error:
            raise _damaged(path, f"it is truncated or no snapshot ({error})") from None
        except OSError as error:
            raise RolloutFailed(f"snapshot {path} cannot be read: {error.strerror}") from None


def _read(path: Path, archive: tarfile.TarFile, file_size: int) -> Snapshot:
    first = archive.next()
    if first is None or first.name != _MANIFEST or not first.isreg() or first.size > _MAX_MANIFEST:
        raise _damaged(path, f"it does not begin with {_MANIFEST}")
    stream = archive.extractfile(first)
    manifest = json.loads(stream.read(_MAX_MANIFEST) if stream else b"")
    problem = _problem(manifest)
    if problem:
        raise _damaged(path, f"{_MANIFEST}: {problem}")
    members = []
    for expected in manifest["members"]:
        found = archive.next()
        if found is None:
            raise _damaged(path, f"{expected['file']} is missing")
        if found.name != expected["file"] or not found.isreg() or found.size != expected["size"]:
            raise _damaged(path, f"{found.name[:80]!r} is not the member {expected['file']} that its manifest names")
        if found.offset_data + found.size > file_size:
            raise _damaged(path, "it is truncated")
        place = {name: expected.get(name, "") for name in ("table", "copy", "service", "volume")}
        members.append(
            Member(
                file=found.name,
                sort=expected["sort"],
                rows=int(expected.get("rows") or 0),
                offset=found.offset_data,
                size=found.size,
                plain_size=expected["plain_size"],
                sha256=expected["sha256"],
                search=expected.get("search") or {},
                **place,
            )
        )
    if archive.next() is not None:
        raise _damaged(path, "it has a member that its manifest does not name")
    source = {str(name): str(value) for name, value in manifest["source"].items()}
    extensions = tuple(str(name) for name in manifest["extensions"])
    named = (manifest["id"], source, manifest["server_version"], manifest["database"], extensions, manifest["domain"])
    return Snapshot(path, *named, tuple(members))


def _problem(manifest: object) -> str:
    """Return what is wrong with a manifest; empty if nothing is."""
    if not isinstance(manifest, dict):
        return "it is no mapping"
    problem = state_file.wrong_field(manifest, _FIELDS)
    if problem:
        return problem
    if manifest["format"] != FORMAT:
        return f"format {manifest['format']} is unknown, this version reads {FORMAT}"
    if not _ID.fullmatch(manifest["id"]):
        return f"id {manifest['id'][:40]!r} is no time such as 20261127T120000Z"
    if not re.match(r"[0-9]{1,3}(\.| |$)", manifest["server_version"]):
        return f"server_version {manifest['server_version'][:40]!r} is no version of Postgres"
    if not scan.RESERVED.fullmatch(manifest["domain"]):
        return f"domain {manifest['domain'][:40]!r} is not one where nobody gets mail, such as example.com"
    if len(manifest["members"]) > _MAX_MEMBERS:
        return f"it names more than {_MAX_MEMBERS} members"
    for member in manifest["members"]:
        problem = _member_problem(member)
        if problem:
            return f"a member: {problem}"
    sorts = [SORTS.index(member["sort"]) for member in cast("list[dict[str, Any]]", manifest["members"])]
    if sorts != sorted(sorts) or sorts.count(0) != 1 or sorts.count(len(SORTS) - 1) != 1:
        return f"the members are not in the order {', '.join(SORTS)}"
    return ""


def _member_problem(member: object) -> str:
    if not isinstance(member, dict):
        return "it is no mapping"
    fields = {**_MEMBER_FIELDS, **_FIELDS_OF_SORT.get(str(member.get("sort")), {})}
    problem = state_file.wrong_field(member, fields)
    if problem:
        return problem
    if member["sort"] not in SORTS:
        return f"sort {member['sort'][:40]!r} is not one of {', '.join(SORTS)}"
    if not _FILE.fullmatch(member["file"]) or not _SHA256.fullmatch(member["sha256"]):
        return f"{member['file'][:40]!r} has an invalid name or checksum"
    kinds = [kind for one in member.get("search", {}).values() for kind in (one if isinstance(one, list) else [None])]
    if not all(isinstance(kind, str) and kind in scan.ALL for kind in kinds):
        return f"{member['file']} says that a column is searched for something unknown"
    if member["size"] < 0 or member["plain_size"] < 0:
        return f"{member['file']} has a negative size"
    return ""


def _damaged(path: Path, why: str) -> RolloutFailed:
    return RolloutFailed(f"snapshot {path} is not used: {why}; make or send it again")
