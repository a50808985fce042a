"""The contents of a project's files (mounted configuration, secrets, directories), up to a limit.

Place in the pipeline: compose_files; reads files on the controller. Bytes that are not UTF-8 become lone surrogates,
which the host turns back into the same bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: Limit for all files of a project together, in bytes: they are uploaded with every release.
MAX_BYTES = 4 * 1024**2
MAX_FILES = 500
#: Files that only keep an empty directory in a repository.
_PLACEHOLDERS = frozenset({".gitkeep", ".gitignore", ".keep", ".DS_Store"})


@dataclass(frozen=True)
class Tree:
    """The text of each file in a directory, by its path in it, and the paths of the executable files."""

    files: dict[str, str]
    executable: tuple[str, ...]


class Contents:
    """Reads files below one directory and counts what it has read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bytes = 0
        self._files = 0

    def inside(self, path: Path) -> bool:
        """Return whether *path* is inside the project, after links are followed."""
        return path.resolve().is_relative_to(self.folder.resolve())

    def text(self, path: Path) -> str:
        """Return the content of a file. :raises ValueError: if it cannot be read, or a limit is exceeded."""
        self._files += 1
        if self._files > MAX_FILES:
            raise ValueError(
                f"more than {MAX_FILES} files would be uploaded with every release; put them into an image"
            )
        try:
            self._bytes += path.stat().st_size
            if self._bytes > MAX_BYTES:
                raise ValueError(
                    f"more than {MAX_BYTES // 1024**2} MB would be uploaded with every release; "
                    "put such files into an image, or data into a named volume"
                )
            return path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None

    def tree(self, path: Path) -> Tree:
        """Return the content of a directory, empty if it holds only placeholders.

        :raises ValueError: like :meth:`text`, and for a link to a place outside the project.
        """
        files: dict[str, str] = {}
        executable: list[str] = []
        for folder, names, entries in os.walk(path):
            names.sort()
            for entry in sorted(entries):
                file = Path(folder, entry)
                name = str(file.relative_to(path))
                if not self.inside(file):
                    raise ValueError(f"{name} is a link to a place outside the project")
                files[name] = self.text(file)
                if is_executable(file):
                    executable.append(name)
        if all(os.path.basename(name) in _PLACEHOLDERS for name in files):
            return Tree({}, ())
        return Tree(files, tuple(executable))


def is_executable(path: Path) -> bool:
    """Return whether a file is executable."""
    return os.access(path, os.X_OK)
