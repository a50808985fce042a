"""Where things are in a stack's directory on the host.

Place in the pipeline: target, everywhere. DESIGN of the directory: ``docs/architecture.md``, "On the host".
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
#: The keys of a manifest for what services share.
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
        self.transaction = self.state / "transaction.json"
        self.audit = self.state / "audit.jsonl"
        self.log = self.state / "rollout.log"

    def release(self, release_id: str) -> Path:
        """Return the directory of a release."""
        return self.releases / release_id

    def current_id(self) -> str | None:
        """Return the id of the release that is live, ``None`` before the first."""
        return os.path.basename(os.readlink(self.current)) if self.current.is_symlink() else None

    def manifest(self, release_id: str | None) -> dict[str, Any] | None:
        """Return a release's manifest; ``None`` for no release, or one that is not whole."""
        if release_id is None:
            return None
        try:
            found: dict[str, Any] = json.loads((self.release(release_id) / MANIFEST).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return found

    def release_ids(self) -> list[str]:
        """Return the ids of all releases here, oldest first."""
        if not self.releases.is_dir():
            return []
        entries = (entry for entry in self.releases.iterdir() if entry.is_dir())
        return sorted(entry.name for entry in entries if not entry.name.startswith("."))


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all, making its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    # Bytes that were no UTF-8 came as lone surrogates, and become themselves again.
    with open(temporary, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.chmod(mode)
    temporary.replace(path)


def link(path: Path, target: str) -> None:
    """Make *path* a link to *target* in one step, replacing the link that was there."""
    temporary = path.with_name(f".{path.name}.new")
    if temporary.is_symlink():
        temporary.unlink()
    temporary.symlink_to(target)
    temporary.replace(path)
