"""Write a masked snapshot: each member is compressed and scanned while it is read, then all become one tar file.

Place in the pipeline: source, last. The file has its name only when it is complete and nothing was found in it.
:mod:`snapshot_reader` says what it looks like.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import Carry, StreamError
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_reader import FORMAT
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

_UNFINISHED = ".unfinished"
_ENDING = ".tar"


class Watching(Protocol):
    """What sees each block of a member before it is compressed. ``size``: bytes seen. ``rows``: lines seen."""

    size: int
    rows: int

    def feed(self, block: bytes) -> None:
        """See a block."""

    def finish(self) -> None:
        """See what is left after the last block."""


class Writer:
    """Collects the members of one snapshot in a directory next to where it will be."""

    def __init__(self, folder: Path, snapshot_id: str, timeout: float) -> None:
        """:param folder: ``snapshots/`` of the stack. :param timeout: seconds for one member."""
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(f"*{_UNFINISHED}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        self._folder, self._id, self._timeout = folder, snapshot_id, timeout
        self._parts = folder / f"{snapshot_id}{_UNFINISHED}"
        self._parts.mkdir(mode=0o700)
        self._numbers = itertools.count(1)
        self.members: list[dict[str, Any]] = []

    def add(
        self,
        sort: str,
        command: Sequence[str],
        watching: Watching,
        about: Mapping[str, Any],
        carry: Carry | None = None,
    ) -> None:
        """Add the output of *command* as a member.

        :param about: more keys of the member in the manifest.
        :param carry: what makes the member of the output, and feeds *watching*. The default takes it as it is.
        :raises RolloutFailed: if the command fails.
        """
        self.members.append(self.save(sort, command, watching, about, carry))

    def save(
        self,
        sort: str,
        command: Sequence[str],
        watching: Watching,
        about: Mapping[str, Any],
        carry: Carry | None = None,
    ) -> dict[str, Any]:
        """Save the output of *command* as :meth:`add` does, and return the member. Several may be saved at once."""
        name = f"{next(self._numbers):04}.zst"
        try:
            saved = streams.save(command, self._parts / name, self._timeout, carry or streams.watched(watching.feed))
        except (StreamError, OSError) as error:
            raise RolloutFailed(f"{about.get('table') or sort}: {_reason(error)}") from None
        watching.finish()
        member = {"file": name, "sort": sort, "size": saved.size, "plain_size": watching.size, "sha256": saved.sha256}
        return {**member, "rows": watching.rows, **about}

    def complete(self, about: Mapping[str, Any]) -> Path:
        """Make the file, and return its path. :param about: more keys of the manifest."""
        manifest = {"format": FORMAT, "id": self._id, **about, "members": self.members}
        unfinished = self._folder / f"{self._id}{_UNFINISHED}{_ENDING}"
        with open(unfinished, "xb", opener=streams.private) as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                content = json.dumps(manifest).encode()
                archive.addfile(_entry("manifest.json", len(content)), io.BytesIO(content))
                for member in self.members:
                    part = self._parts / member["file"]
                    with open(part, "rb") as stream:
                        archive.addfile(_entry(member["file"], member["size"]), stream)
                    # The disk never has all of it twice.
                    part.unlink()
            file.flush()
            os.fsync(file.fileno())
        path = self._folder / f"{self._id}{_ENDING}"
        unfinished.rename(path)
        self.remove()
        return path

    def remove(self) -> None:
        """Remove what is not complete."""
        shutil.rmtree(self._parts, ignore_errors=True)
        (self._folder / f"{self._id}{_UNFINISHED}{_ENDING}").unlink(missing_ok=True)


def prune(folder: Path, keep: int) -> None:
    """Remove all but the newest *keep* snapshots."""
    found = sorted(path for path in folder.glob(f"[0-9]*T*Z{_ENDING}") if path.is_file())
    for path in found[: max(0, len(found) - keep)]:
        path.unlink()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
