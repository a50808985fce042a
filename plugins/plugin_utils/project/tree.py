"""The files of somebody else's repository: which there are, and their texts.

Place in the pipeline: project, its first step; reads files on the controller. No link is followed, no pipe is opened,
and names, sizes, numbers and time have limits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file

#: How many levels of directories are looked at, how many entries, for how many seconds.
MAX_DEPTH, MAX_ENTRIES, MAX_SECONDS = 6, 50_000, 20.0
#: Largest size in bytes of a file that is read.
MAX_BYTES = 512 * 1024
#: Directories that hold what others have written, or what is made from the sources.
_NOT_OURS = frozenset({"node_modules", "vendor", "site-packages", "__pycache__", "dist", "venv", "collections"})


class Tree:
    """The regular files of a repository.

    :param root: the directory of the repository. :param clock: returns seconds.
    :raises ValueError: if it is no directory, or has more than the limits allow.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        if not root.is_dir():
            raise ValueError(f"init_project: {root} is not a directory; name the directory of the repository")
        self.root = root.resolve()
        self.files: frozenset[str] = frozenset(self._walk(clock))

    def _walk(self, clock: Callable[[], float]) -> list[str]:
        deadline = clock() + MAX_SECONDS
        found: list[str] = []
        pending, count = [("", 0)], 0
        while pending:
            folder, depth = pending.pop()
            try:
                entries = os.scandir(self.root / folder)
            except OSError:
                continue
            with entries:
                for entry in entries:
                    count += 1
                    if count > MAX_ENTRIES or clock() > deadline:
                        limit = f"{MAX_ENTRIES} files" if count > MAX_ENTRIES else f"takes {MAX_SECONDS:.0f} seconds"
                        raise ValueError(
                            f"init_project: {self.root} has more than can be looked at ({limit}); "
                            "name the directory that has the Compose files"
                        )
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        is_ours = entry.name not in _NOT_OURS and (entry.name[0] != "." or _has_env_files(entry.name))
                        if is_ours and depth < MAX_DEPTH:
                            pending.append((path, depth + 1))
                    elif entry.is_file(follow_symlinks=False):
                        found.append(path)
        return found

    def text(self, path: str) -> str:
        """Return the text of a file; empty if there is none, or if it is none that is read."""
        if path not in self.files:
            return ""
        try:
            return foreign_file.read_text(self.root, path, MAX_BYTES, errors="replace")
        except foreign_file.ForeignFileError:
            return ""

    def inside(self, path: Path) -> str | None:
        """Return a path relative to the repository, ``None`` if it leads out of it."""
        normal = Path(os.path.normpath(self.root / path))
        return normal.relative_to(self.root).as_posix() if normal.is_relative_to(self.root) else None

    def below(self, folder: str, name: str) -> list[str]:
        """Return the files called *name* in a directory or below it, the nearest first."""
        lead = "" if folder in ("", ".") else f"{folder}/"
        found = [path for path in self.files if path.startswith(lead) and path.rpartition("/")[2] == name]
        return sorted(found, key=lambda path: (path.count("/"), path))

    def has_content(self, folder: str) -> bool:
        """Return whether a directory has files that somebody would miss."""
        lead = "" if folder in ("", ".") else f"{folder}/"
        found = (path.rpartition("/")[2] for path in self.files if path.startswith(lead))
        return any(name not in (".gitkeep", ".keep") for name in found)


def _has_env_files(folder: str) -> bool:
    """Return whether a hidden directory is one that teams keep variables or Compose files in."""
    return folder.startswith((".env", ".docker", ".deploy"))
