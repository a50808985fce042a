"""The old and the new value of a secret on disk, from the start of its rotation to its end.

Place in the pipeline: target, under ``rotating``. They are files of the secret store, so ``known_secrets`` masks both.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError, MissingFile
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.renamed import Renamed
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

_ALPHABET = string.ascii_letters + string.digits
_MAX_SIZE = 64 * 1024**2


@dataclass(frozen=True)
class Pair:
    """The value before the rotation, and the one after it."""

    old: str = field(repr=False)
    new: str = field(repr=False)


class Values(SecretStore):
    """The secret store of a stack, as a rotation changes it."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.path)
        self._folder = self._root / "rotation"

    def generated(self, name: str) -> str | None:
        """Return the generated value of a secret, ``None`` if it was not generated on this host."""
        return self._text(self._root / "generated" / name)

    def previous(self, name: str) -> str:
        """Return the value before the last rotation; empty if no service reads it or there was none."""
        return self._text(self._root / "previous" / name) or ""

    def pair(self) -> Pair:
        """Return both values of the rotation. :raises RolloutFailed: if they are not there."""
        old, new = self._text(self._folder / "old"), self._text(self._folder / "new")
        if old is None or new is None:
            raise RolloutFailed(f"the values of the rotation are not in {self._folder}; restore it from a backup")
        return Pair(old, new)

    def has_pair(self) -> bool:
        """Return whether the values of a rotation are there. They are removed right before its record."""
        return (self._folder / "old").exists()

    def begin(self, pair: Pair, originals: Mapping[str, bytes]) -> None:
        """Write both values. :param originals: the contents of files that change in place, by their variables."""
        for name, content in ({"old": pair.old.encode(), "new": pair.new.encode()} | dict(originals)).items():
            self._write(self._folder / name, content, 0, 0)

    def original(self, variable: str) -> bytes:
        """Return what a file had in it when the rotation began. :raises RolloutFailed: if it is not there."""
        content = self._read(self._folder / variable, _MAX_SIZE)
        if content is None:
            raise RolloutFailed(f"{self._folder / variable} does not exist; restore it from a backup")
        return content

    def commit(self, name: str, pair: Pair, keeps_previous: bool) -> None:
        """Make the new value the generated one. :param keeps_previous: whether a service reads the old one, too."""
        if keeps_previous:
            self._write(self._root / "previous" / name, pair.old.encode(), 0, 0)
        self._write(self._root / "generated" / name, pair.new.encode(), 0, 0)

    def end_overlap(self, name: str) -> None:
        """Remove the previous value of a secret."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._root / "previous" / name)

    def forget(self) -> None:
        """Remove the values of the rotation."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, file: Mapping[str, Any], content: bytes) -> str:
        """Write a secret file with a new content beside the old one, and return its address."""
        address = self.address(content)
        path = self._path(file, address)
        if self._read(path, _MAX_SIZE) != content:
            self._write(path, content, file["uid"], file["gid"], file.get("mode", 0o400))
        return address

    def change(self, file: Mapping[str, Any], in_path: str, content: bytes) -> None:
        """Change the content of a secret file in place: a container that has mounted the file sees it at once.

        :param in_path: the address in its path, which stays.
        """
        path = self._path(file, in_path)
        before = self._read(path, _MAX_SIZE)
        if before is None:
            raise RolloutFailed(f"{path} does not exist; deploy again, which writes it from its source")
        renamed = Renamed(self._root)
        if before != content:
            # Both, because a power cut can come before the content is on the disk.
            renamed.record(file, in_path, [self.address(before), self.address(content)])
            with open(path, "r+b", buffering=0) as stream:
                stream.write(content)
                stream.truncate()
                os.fsync(stream.fileno())
        renamed.record(file, in_path, [self.address(content)])

    def places(self, value: str, expected: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return the files of the store that contain a value, apart from those of the rotation and previous values.

        :param expected: secret files that have previous values in them.
        """
        names = tuple(f"{file['uid']}/{file['name']}." for file in expected)
        home = self._root.parent
        found = []
        for path in sorted(foreign_file.files_below(home, "secrets")):
            if path.startswith(("rotation/", "previous/", *names)):
                continue
            with contextlib.suppress(ForeignFileError):
                if value.encode() in foreign_file.read_bytes(home, f"secrets/{path}", _MAX_SIZE):
                    found.append(f"{self._root}/{path}")
        return found

    def _text(self, path: Path) -> str | None:
        home = self._root.parent
        try:
            return foreign_file.read_bytes(home, str(path.relative_to(home)), _MAX_SIZE).decode()
        except MissingFile:
            return None
        except (ForeignFileError, UnicodeDecodeError) as error:
            raise RolloutFailed(f"{path} cannot be read: {error}; restore it from a backup") from None


def generate(length: int) -> str:
    """Return a random value of letters and digits, which needs no quoting anywhere."""
    return "".join(secrets.choice(_ALPHABET) for _position in range(length))
