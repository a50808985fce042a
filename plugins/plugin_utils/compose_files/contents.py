"""Contents of a project's files: configurations that are mounted, secrets, directories; within bounds.

Place in the pipeline: project; reads files of the controller. Bytes that are no UTF-8 become lone surrogates, which the
host turns back into the same bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: Bytes of all files of a project together: they travel with every release.
MOST_BYTES = 4 * 1024**2
MOST_FILES = 500
#: Names of files that keep a directory in a repository and say nothing.
_PLACEHOLDERS = frozenset({".gitkeep", ".gitignore", ".keep", ".DS_Store"})


@dataclass(frozen=True)
class Tree:
    """The files of a directory by their path in it, and which of them may be run."""

    files: dict[str, str]
    executable: tuple[str, ...]


class Contents:
    """Reads below one directory, and counts what it has read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bytes = 0
        self._files = 0

    def inside(self, path: Path) -> bool:
        """Return whether *path* is in the project, links followed."""
        return path.resolve().is_relative_to(self.folder.resolve())

    def text(self, path: Path) -> str:
        """Return what a file holds. :raises ValueError: where it cannot be read, or too much has been."""
        self._files += 1
        if self._files > MOST_FILES:
            raise ValueError(f"more than {MOST_FILES} files would travel with every release; put them into an image")
        try:
            self._bytes += path.stat().st_size
            if self._bytes > MOST_BYTES:
                raise ValueError(
                    f"more than {MOST_BYTES // 1024**2} MB would travel with every release; "
                    "put such files into an image, or data into a named volume"
                )
            return path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None

    def tree(self, path: Path) -> Tree:
        """Return what a directory holds, nothing where there are only placeholders.

        :raises ValueError: as :meth:`text`, and for a link out of the project.
        """
        files: dict[str, str] = {}
        executable: list[str] = []
        for folder, names, entries in os.walk(path):
            names.sort()
            for entry in sorted(entries):
                found = Path(folder, entry)
                name = str(found.relative_to(path))
                if not self.inside(found):
                    raise ValueError(f"{name} is a link that leads out of the project")
                files[name] = self.text(found)
                if runs(found):
                    executable.append(name)
        if all(os.path.basename(name) in _PLACEHOLDERS for name in files):
            return Tree({}, ())
        return Tree(files, tuple(executable))


def runs(path: Path) -> bool:
    """Return whether a file may be run."""
    return os.access(path, os.X_OK)
