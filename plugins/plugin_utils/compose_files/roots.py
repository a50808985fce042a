"""The directories of the controller that the files of a project are read from. Whoever writes a project chooses paths.

Place in the pipeline: compose_files; reads files on the controller. What is read is shown in a plan and goes to a
server. So a path must not lead out of the project, neither with ``..`` nor with a link.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file


class OutsideError(ValueError):
    """A path is in none of the directories."""


class Roots:
    """Reads files below some directories, and files that the inventory names itself.

    :param folders: the root of the project first, then those of ``stack_compose_roots``.
    :param named: the files of ``stack_compose_files``.
    """

    def __init__(self, folders: Collection[Path], named: Collection[Path] = ()) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._named = {Path(os.path.normpath(path)) for path in named}

    def locate(self, path: Path) -> Path:
        """Return the path without links. The file need not exist.

        :raises OutsideError: if it is in none of the directories.
        :raises ValueError: if links lead in a circle.
        """
        clean = Path(os.path.normpath(path))
        if clean in self._named:
            return Path(os.path.realpath(clean))
        reasons = []
        for folder in self._folders:
            try:
                return folder / foreign_file.resolve(folder, str(clean))
            except foreign_file.ForeignFileError as error:
                reasons.append(str(error))
        if any("circle" in reason for reason in reasons):
            raise ValueError(f"{path.name} cannot be read: its links lead in a circle")
        raise OutsideError(
            f"{path.name} is outside the project {self._folders[0]}; move it there, set stack_compose_project to a "
            f"directory that contains it, or name its directory in stack_compose_roots"
        )

    def holds(self, path: Path) -> bool:
        """Return whether *path* is in one of the directories, with its links followed."""
        try:
            self.locate(path)
        except ValueError:
            return False
        return True

    def read(self, path: Path, limit: int) -> bytes:
        """Return the content of a regular file of at most *limit* bytes.

        :raises ValueError: if it cannot or must not be read. The message names the file.
        """
        found = self.locate(path)
        try:
            return foreign_file.read_bytes(found.parent, found.name, limit)
        except foreign_file.ForeignFileError as error:
            raise ValueError(str(error).replace(str(found), path.name)) from None
