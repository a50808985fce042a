"""The paths in a stack's directory on the host, and atomic writes.

Place in the pipeline: target, everywhere. ``docs/architecture.md`` describes the directory.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
#: The keys of a manifest for resources that services share.
SHARED_SECTIONS = ("networks", "volumes")


class Home:
    """The directory of one stack, such as ``/opt/stacks/shop``."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.releases = self.path / "releases"
        self.current = self.path / "current"
        self.files = self.path / "files"
        self.edge = self.path / "edge"
        self.state = self.path / "state"
        self.journal = self.state / "journal.jsonl"
        self.lease = self.state / "lease"
        self.barrier = self.state / "barrier.json"
        self.abort = self.state / "abort.json"
        self.transaction = self.state / "transaction.json"
        self.audit = self.state / "audit.jsonl"
        self.log = self.state / "rollout.log"

    def release(self, release_id: str) -> Path:
        """Return the directory of a release."""
        return self.releases / release_id

    def current_id(self) -> str | None:
        """Return the id of the live release, ``None`` before the first rollout."""
        return os.path.basename(os.readlink(self.current)) if self.current.is_symlink() else None

    def manifest(self, release_id: str | None) -> dict[str, Any] | None:
        """Return the manifest of a release, ``None`` without a release or if its manifest is missing or incomplete."""
        if release_id is None:
            return None
        try:
            manifest: dict[str, Any] = json.loads((self.release(release_id) / MANIFEST).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return manifest

    def release_ids(self) -> list[str]:
        """Return the ids of all releases on this host, oldest first."""
        if not self.releases.is_dir():
            return []
        entries = (entry for entry in self.releases.iterdir() if entry.is_dir())
        return sorted(entry.name for entry in entries if not entry.name.startswith("."))


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file completely or not at all. Missing directories are created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    # Bytes that are not valid UTF-8 arrive as lone surrogates and are written as the original bytes.
    with open(temporary, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.chmod(mode)
    temporary.replace(path)


def link(path: Path, target: str) -> None:
    """Make *path* a symbolic link to *target*. An existing link is replaced atomically."""
    temporary = path.with_name(f".{path.name}.new")
    if temporary.is_symlink():
        temporary.unlink()
    temporary.symlink_to(target)
    temporary.replace(path)
