"""The generated files in a directory that people work in: which of them may be overwritten, and the secrets there.

Place in the pipeline: workspace -> checkout; reads and writes files on the controller. A file may be overwritten as
long as it has the digest that was recorded when it was written. Any other file was changed by a person and is kept.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore


@dataclass(frozen=True)
class File:
    """A file of the checkout: its path, its current and its desired text (``None``: no file), and what is done.

    ``state`` is ``created``, ``updated``, ``removed``, ``unchanged``, or ``kept`` for a file that a person changed.
    """

    path: str
    current: str | None
    desired: str | None
    state: str
    #: Whether it was generated before.
    recorded: bool

    @property
    def missing_variables(self) -> list[str]:
        """The variables that a file like `.env`, where people change values, does not have yet."""
        existing = _variables(self.current or "")
        return [name for name in _variables(self.desired or "") if name not in existing]

    def diff_lines(self) -> list[str]:
        """Return the lines of a diff from the current to the desired text."""
        current, desired = (self.current or "").splitlines(), (self.desired or "").splitlines()
        names = f"{self.path}, as it is", f"{self.path}, as it would be written"
        return list(difflib.unified_diff(current, desired, *names, lineterm=""))

    def diff(self) -> dict[str, str]:
        """Return both texts as Ansible shows them with ``--diff``."""
        headers = {"before_header": self.path, "after_header": self.path}
        return {**headers, "before": self.current or "", "after": self.desired or ""}

    @property
    def changes(self) -> bool:
        """Whether the file is written or removed."""
        return self.state in ("created", "updated", "removed")


def digest(text: str) -> str:
    """Return the digest by which a file with this *text* is recorded."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_state(current: str | None, desired: str | None, recorded: str | None) -> str:
    """Return what is done with a file; see :class:`File`.

    :param recorded: the digest of the text that was written last; ``None`` if none was.
    """
    if current == desired:
        return "unchanged"
    if current is None:
        return "created"
    if digest(current) != recorded:
        return "kept"
    return "removed" if desired is None else "updated"


def _variables(text: str) -> list[str]:
    return re.findall(r"^([A-Za-z_]\w*)=", text, re.MULTILINE)


class Checkout:
    """The directory *root*; its file *state* records what was written there."""

    def __init__(self, root: Path, state: str) -> None:
        self._root = root
        self._state = state
        self._recorded: dict[str, str] = {}
        text = self._read(state)
        if text is not None:
            try:
                self._recorded = dict(json.loads(text)["files"])
            except (ValueError, KeyError, TypeError):
                raise ValueError(
                    f"{root / state} is not a valid record of written files; restore or remove it"
                ) from None

    def compare(self, desired: Mapping[str, str]) -> list[File]:
        """Return each file that is desired or was written before, in the order of *desired*.

        :raises ValueError: if something at one of the paths is not a text file.
        """
        obsolete = [path for path in self._recorded if path not in desired]
        found = [self._file(path, desired.get(path)) for path in [*desired, *obsolete]]
        return [
            file
            for file in found
            # A file that is no longer desired is forgotten if it is missing, or if a person has changed it.
            if file.desired is not None or (file.current is not None and file.state != "kept")
        ]

    def _file(self, path: str, desired: str | None) -> File:
        current = self._read(path)
        state = file_state(current, desired, self._recorded.get(path))
        return File(path, current, desired, state, path in self._recorded)

    def write(self, files: list[File]) -> None:
        """Write or remove each file according to its state, and record the digests of generated files."""
        for file in files:
            if file.state == "removed":
                (self._root / file.path).unlink()
            elif file.changes and file.desired is not None:
                write_text(self._root / file.path, file.desired)
        generated = {
            file.path: digest(file.desired) for file in files if file.desired is not None and file.state != "kept"
        }
        kept = {file.path: self._recorded[file.path] for file in files if file.path in self._recorded}
        record = {**{path: recorded for path, recorded in kept.items() if path not in generated}, **generated}
        record = {path: recorded for path, recorded in record.items() if (self._root / path).exists()}
        if record != self._recorded:
            write_text(self._root / self._state, json.dumps({"files": record}, indent=2, sort_keys=True) + "\n")

    def _read(self, path: str) -> str | None:
        try:
            with open(self._root / path, encoding="utf-8", newline="") as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{self._root / path} cannot be read as text: {error}") from None


class Secrets(SecretStore):
    """The secrets of a checkout, in a directory that only its owner may enter.

    Each file is mounted into its container, which can read it with any uid. So the files keep their owner, whom only
    root could change. The file names have no address: a developer restarts the stack by hand.
    """

    _ADDRESSED = False

    def _path(self, file: Mapping[str, Any], address: str) -> Path:
        return self._root / str(file["uid"]) / str(file["name"])

    def _hand_over(self, descriptor: int, uid: int, gid: int, mode: int) -> None:
        # Generated secrets are read by this program only; they have no other reader.
        os.fchmod(descriptor, 0o444 | mode)
