"""The contents of a project's files (mounted configuration, secrets, directories), up to a limit.

Place in the pipeline: compose_files; reads files on the controller. Bytes that are not UTF-8 become lone surrogates,
which the host turns back into the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.roots import OutsideError, Roots

#: Limit for all files of a project together, in bytes: they are uploaded with every release.
MAX_BYTES = 4 * 1024**2
MAX_FILES = 500
#: Limit for what is looked at in directories: links can lead to one directory many times.
MAX_ENTRIES = 5000
#: Files that only keep an empty directory in a repository.
_PLACEHOLDERS = frozenset({".gitkeep", ".gitignore", ".keep", ".DS_Store"})


@dataclass(frozen=True)
class Tree:
    """The files of a directory: the text of each by its path, the executable ones, those that others may not read."""

    files: dict[str, str]
    executable: tuple[str, ...]
    private: tuple[str, ...]


class Contents:
    """Reads the files of a project and counts what it has read.

    :param folder: the directory that relative paths start from.
    :param roots: the directories that are read; *folder* without them.
    :param reference: a file or directory that is no secret. If others may not read it either, modes say nothing.
    """

    def __init__(self, folder: Path, roots: Roots | None = None, reference: Path | None = None) -> None:
        self._modes_count = reference is not None and _others_may_read(reference)
        self.folder = folder
        self.roots = roots or Roots([folder])
        self._bytes = 0
        self._files = 0
        self._entries = 0

    def text(self, path: Path) -> str:
        """Return the content of a file. :raises ValueError: if it cannot be read, or a limit is exceeded."""
        self._files += 1
        if self._files > MAX_FILES:
            raise ValueError(
                f"more than {MAX_FILES} files would be uploaded with every release; put them into an image"
            )
        try:
            self._bytes += path.stat().st_size
        except OSError as error:
            raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None
        if self._bytes > MAX_BYTES:
            raise ValueError(
                f"more than {MAX_BYTES // 1024**2} MB would be uploaded with every release; "
                "put such files into an image, or data into a named volume"
            )
        return self.roots.read(path, MAX_BYTES).decode("utf-8", "surrogateescape")

    def tree(self, path: Path) -> Tree:
        """Return the content of a directory, empty if it holds only placeholders.

        Links to files and directories of the project are followed: the server gets a copy.

        :raises ValueError: like :meth:`text`, and for a link to a place outside the project or to a directory around
            it, or for something that is neither a file nor a directory.
        """
        files: dict[str, str] = {}
        executable: list[str] = []
        private: list[str] = []
        for name, file in self._below(self.roots.locate(path), "", ()):
            files[name] = self.text(file)
            if is_executable(file):
                executable.append(name)
            if self.is_private(file):
                private.append(name)
        if all(os.path.basename(name) in _PLACEHOLDERS for name in files):
            return Tree({}, (), ())
        return Tree(files, tuple(executable), tuple(private))

    def is_private(self, path: Path) -> bool:
        """Return whether others may not read a file, though they may read the reference."""
        return self._modes_count and not _others_may_read(path)

    def _below(self, folder: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
        """Yield the name below the first directory, and the path without links, of each file in a directory."""
        try:
            entries = sorted(os.listdir(folder))
        except OSError as error:
            raise ValueError(f"{folder.name} cannot be read: {error.strerror}") from None
        for entry in entries:
            name = f"{prefix}{entry}"
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                raise ValueError(f"more than {MAX_ENTRIES} files and directories; put them into an image")
            try:
                found = self.roots.locate(folder / entry)
            except OutsideError:
                raise ValueError(f"{name} is a link to a place outside the project") from None
            if not found.is_dir():
                yield name, found
            elif found in (*above, folder):
                raise ValueError(f"{name} is a link to a directory that contains it")
            else:
                yield from self._below(found, f"{name}/", (*above, folder))


def _others_may_read(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o004)


def is_executable(path: Path) -> bool:
    """Return whether a file is executable."""
    return os.access(path, os.X_OK)
