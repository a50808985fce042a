"""Masked snapshots as the destination gets them, made of texts: the format without the masking."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Part:
    """One member, uncompressed. ``table``, ``copy``, ``rows`` and ``search`` are those of the manifest."""

    sort: str
    content: bytes
    table: str = ""
    copy: str = ""
    rows: int = 0
    search: tuple[tuple[str, list[str]], ...] = ()


def write(path: Path, parts: Sequence[Part], **changes: Any) -> Path:
    """Write a snapshot. :param changes: keys of its manifest with other values than those of a good one."""
    contents = []
    members = []
    for number, part in enumerate(parts, 1):
        content = subprocess.run(
            ["zstd", "--quiet", "--stdout"], input=part.content, capture_output=True, check=True
        ).stdout
        member: dict[str, Any] = {"file": f"{number:04}.zst", "sort": part.sort, "size": len(content)}
        member |= {"plain_size": len(part.content), "sha256": hashlib.sha256(content).hexdigest()}
        if part.sort == "rows":
            member |= {"table": part.table, "copy": part.copy, "rows": part.rows, "search": dict(part.search)}
        members.append(member)
        contents.append((member["file"], content))
    source = {"stack": "shop", "environment": "production", "host": "app1", "machine": "m", "root": "/opt/stacks"}
    manifest = {"format": 1, "id": "20261127T120000Z", "source": source, "server_version": "17.6", "database": "shop"}
    manifest |= {"owner": "shop", "extensions": [], "domain": "example.com", "members": members, **changes}
    with tarfile.open(path, "w") as archive:
        for name, content in [("manifest.json", json.dumps(manifest).encode()), *contents]:
            add(archive, name, content)
    return path


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a regular member to a tar file."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def plain(path: Path) -> bytes:
    """Return the manifest and all members of a snapshot, uncompressed."""
    parts = []
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            content = stream.read()
            if member.name.endswith(".zst"):
                command = ["zstd", "--quiet", "--stdout", "--decompress"]
                content = subprocess.run(command, input=content, capture_output=True, check=True).stdout
            parts.append(content)
    return b"\n".join(parts)
