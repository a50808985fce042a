"""The paths in a stack's directory on the host, and atomic writes.

Place in the pipeline: target, everywhere. ``docs/architecture.md`` describes the directory.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import Reading

MANIFEST = "manifest.json"
#: The keys that every version of the collection has written, with their types.
_MANIFEST_FIELDS: Mapping[str, state_file.Types] = {
    "stack": str,
    "services": dict,
    "addresses": dict,
    "mounted": list,
}
_SERVICE_FIELDS: Mapping[str, state_file.Types] = {
    "class": str,
    "image": str,
    "pinned": str,
    "replicas": int,
    "depends_on": list,
    "edge": bool,
    "ports": list,
    "start_seconds": (int, float),
    "secrets": dict,
    "settings": dict,
}
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
        self.rotation = self.state / "rotation.json"
        self.drain = self.state / "drain.json"
        self.stopped = self.state / "stopped.json"
        self.away = self.state / "away.json"
        self.maintenance = self.state / "maintenance.json"
        self.audit = self.state / "audit.jsonl"
        self.reserve = self.state / "reserve"
        self.upload_lock = self.state / "upload.lock"
        self.log = self.state / "rollout.log"
        self.backups = self.path / "backups"
        self.backup_settings = self.state / "backup.json"
        self.backup_results = self.state / "backups.jsonl"
        self.backup_journal = self.state / "backup-journal.jsonl"
        self.backup_lease = self.state / "backup.lease"
        self.monitoring = self.state / "monitoring.json"
        self.events = self.state / "events"
        self.told = self.state / "told.json"

    def make_directories(self) -> None:
        """Create the directories that nobody but root and operators may enter. What containers mount is in them."""
        for folder in (self.path, self.releases, self.files, self.state):
            folder.mkdir(parents=True, exist_ok=True)
            close(folder)

    def release(self, release_id: str) -> Path:
        """Return the directory of a release."""
        return self.releases / release_id

    def read_current(self) -> Reading[str]:
        """Return the id of the live release. Without a value and a problem, nothing has been rolled out yet."""
        remedy = f"Make it a link to the release that runs (the status shows it): ln -sfn releases/ID {self.current}"
        try:
            target = os.readlink(self.current)
        except FileNotFoundError:
            return Reading()
        except NotADirectoryError:
            return Reading(problem=f"{self.path} is not a directory. Move it away and deploy again")
        except OSError:
            # Remove it first: `ln` would make the link inside of a directory.
            return Reading(problem=f"{self.current} is not a link. Move it away. {remedy}")
        release_id = os.path.basename(target)
        if target not in (f"releases/{release_id}", str(self.release(release_id))) or not is_release_id(release_id):
            return Reading(problem=f"{self.current} links to {target}, which is not a release. {remedy}")
        if not self.release(release_id).is_dir():
            return Reading(problem=f"{self.current} links to release {release_id}, which does not exist. {remedy}")
        return Reading(release_id)

    def current_id(self) -> str | None:
        """Return the id of the live release, ``None`` before the first rollout or if the link is damaged."""
        return self.read_current().value

    def live_since(self) -> float:
        """Return when the live release went live, in seconds of the epoch; 0 if none is live."""
        try:
            return self.current.lstat().st_mtime
        except OSError:
            return 0.0

    def read_manifest(self, release_id: str) -> Reading[dict[str, Any]]:
        """Return the manifest of a release. Without a value and a problem, the release is not on this host."""
        path = self.release(release_id) / MANIFEST
        if not is_release_id(release_id) or not path.parent.is_dir():
            return Reading()
        remedy = (
            f"Restore the file from a backup, or point {self.current} to another release of this host and deploy again"
            if release_id == self.current_id()
            else f"Restore the file from a backup, or remove {path.parent}"
        )
        found = state_file.read(path, _MANIFEST_FIELDS, remedy)
        if found.value is None:
            return found if found.problem else Reading(problem=f"{path} does not exist. {remedy}")
        for name, spec in found.value["services"].items():
            wrong = state_file.wrong_field(spec, _SERVICE_FIELDS)
            if wrong:
                return Reading(problem=f"{path}: service '{name}': {wrong}. {remedy}")
        # The directory names the release.
        return Reading({**found.value, "release": release_id})

    def manifest(self, release_id: str | None) -> dict[str, Any] | None:
        """Return the manifest of a release, ``None`` without a release or if its manifest is missing or damaged."""
        return self.read_manifest(release_id).value if release_id else None

    def live_problem(self) -> str:
        """Return what is wrong with the record of the live release, as :class:`Reading`; empty if nothing is."""
        current = self.read_current()
        return current.problem or (self.read_manifest(current.value).problem if current.value else "")

    def release_ids(self) -> list[str]:
        """Return the ids of all releases on this host, oldest first."""
        if not self.releases.is_dir():
            return []
        entries = (entry for entry in self.releases.iterdir() if entry.is_dir() and not entry.is_symlink())
        return sorted(entry.name for entry in entries if is_release_id(entry.name))


def is_release_id(name: str) -> bool:
    """Return whether *name* can be the id of a release: one component of a path, not hidden."""
    return bool(name) and "/" not in name and "\0" not in name and not name.startswith(".")


def close(folder: Path) -> None:
    """Let only root and the group docker enter a directory: whoever may use the engine is root anyway."""
    with contextlib.suppress(KeyError, PermissionError):
        os.chown(folder, -1, grp.getgrnam("docker").gr_gid)
    folder.chmod(0o750)


def mode_of(name: str) -> int:
    """Return the mode of a file of a release: only root reads what services are told."""
    return 0o600 if name == MANIFEST or name.startswith("env/") else 0o644


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file completely or not at all. Missing directories are created."""
    # Bytes that are not valid UTF-8 arrive as lone surrogates and are written as the original bytes.
    write_bytes(path, text.encode("utf-8", "surrogateescape"), mode)


def write_bytes(path: Path, content: bytes, mode: int) -> None:
    """Write a file as :func:`write_text` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with open(temporary, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.chmod(mode)
    temporary.replace(path)


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    """Create files and directories with this umask, whatever the umask of the login is."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def stage_link(path: Path, target: str) -> Path:
    """Create the link that :func:`link` renames to *path*, and return its path. A rename needs no space on the disk."""
    staged = path.with_name(f".{path.name}.{target.replace('/', '.')}")
    if staged.is_symlink() and os.readlink(staged) != target:
        staged.unlink()
    if not staged.is_symlink():
        staged.symlink_to(target)
    return staged


def link(path: Path, target: str) -> None:
    """Make *path* a symbolic link to *target*. An existing link is replaced atomically."""
    stage_link(path, target).replace(path)


def discard_staged(path: Path) -> None:
    """Remove the links that :func:`stage_link` created and nobody used."""
    for staged in path.parent.glob(f".{path.name}.*"):
        if staged.is_symlink():
            with contextlib.suppress(OSError):
                staged.unlink()


def append_line(path: Path, line: str) -> None:
    """Append a line to a file and write it to the disk, or raise and leave the file as it was.

    A power cut can leave an incomplete last line. The new line is not appended to it.
    """
    with open(path, "a+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - 1, 0))
        separator = b"" if stream.read(1) in (b"", b"\n") else b"\n"
        try:
            # A full disk can take a part of the line, and then it reports no error.
            content = separator + line.encode() + b"\n"
            if stream.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            os.fsync(stream.fileno())
        except OSError:
            stream.truncate(size)
            raise
