"""A directory that a person works in, and files that are written into it from a description: whose each of them is.

Place in the pipeline: workspace -> checkout; reads and writes files on the controller. A file that is there is ours
for as long as it has the digest that was recorded when it was written; any other is a person's and stays as it is.
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
    """A file of the checkout: its path, what is there and what is wanted (``None``: nothing), and what comes of it.

    ``state`` is ``created``, ``updated``, ``removed``, ``unchanged``, or ``kept``: a person's, that differs.
    """

    path: str
    before: str | None
    wanted: str | None
    state: str
    #: Whether it was written from a description before.
    known: bool

    @property
    def lacks(self) -> list[str]:
        """The variables that a file like `.env`, where people change values, does not have yet."""
        there = _variables(self.before or "")
        return [name for name in _variables(self.wanted or "") if name not in there]

    def difference(self) -> list[str]:
        """Return what a person's file would be if it were written, line by line."""
        before, wanted = (self.before or "").splitlines(), (self.wanted or "").splitlines()
        names = f"{self.path}, as it is", f"{self.path}, as it would be written"
        return list(difflib.unified_diff(before, wanted, *names, lineterm=""))

    def diff(self) -> dict[str, str]:
        """Return both texts as Ansible shows them with ``--diff``."""
        headers = {"before_header": self.path, "after_header": self.path}
        return {**headers, "before": self.before or "", "after": self.wanted or ""}

    @property
    def writes(self) -> bool:
        """Whether something is done to it."""
        return self.state in ("created", "updated", "removed")


def digest(text: str) -> str:
    """Return what a file that holds *text* is recorded by."""
    return hashlib.sha256(text.encode()).hexdigest()


def judge(found: str | None, wanted: str | None, recorded: str | None) -> str:
    """Return what becomes of a file; see :class:`File`.

    :param recorded: the digest of what was written there last, ``None`` where nothing was.
    """
    if found == wanted:
        return "unchanged"
    if found is None:
        return "created"
    if digest(found) != recorded:
        return "kept"
    return "removed" if wanted is None else "updated"


def _variables(text: str) -> list[str]:
    return re.findall(r"^([A-Za-z_]\w*)=", text, re.MULTILINE)


class Checkout:
    """The directory *root*, and the record of what was written there in its file *state*."""

    def __init__(self, root: Path, state: str) -> None:
        self._root = root
        self._state = state
        self._recorded: dict[str, str] = {}
        text = self._read(state)
        if text is not None:
            try:
                self._recorded = dict(json.loads(text)["files"])
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{root / state} is no record of written files; restore it, or remove it") from None

    def compare(self, wanted: Mapping[str, str]) -> list[File]:
        """Return each file that is wanted or was written before, in the order of *wanted*.

        :raises ValueError: for a path at which something else than a text is.
        """
        gone = [path for path in self._recorded if path not in wanted]
        found = [(path, self._read(path), wanted.get(path)) for path in [*wanted, *gone]]
        return [
            File(path, before, text, judge(before, text, self._recorded.get(path)), path in self._recorded)
            for path, before, text in found
            if not (before is None and text is None)
            # What a person made of a file that is no longer wanted is nobody else's business.
            and not (text is None and judge(before, text, self._recorded.get(path)) == "kept")
        ]

    def write(self, files: list[File]) -> None:
        """Do to each file what its state says, and record what is ours."""
        for file in files:
            if file.state == "removed":
                (self._root / file.path).unlink()
            elif file.writes and file.wanted is not None:
                write_text(self._root / file.path, file.wanted)
        ours = {file.path: digest(file.wanted) for file in files if file.wanted is not None and file.state != "kept"}
        kept = {file.path: self._recorded[file.path] for file in files if file.path in self._recorded}
        record = {**{path: known for path, known in kept.items() if path not in ours}, **ours}
        record = {path: known for path, known in record.items() if (self._root / path).exists()}
        if record != self._recorded:
            write_text(self._root / self._state, json.dumps({"files": record}, indent=2, sort_keys=True) + "\n")

    def _read(self, path: str) -> str | None:
        try:
            with open(self._root / path, encoding="utf-8", newline="") as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{self._root / path} cannot be read as a text: {error}") from None


class Secrets(SecretStore):
    """The secrets of a checkout: of whoever works there, in a directory that nobody else may look into.

    A container sees a file by a mount of its own, whatever its uid; so no file has to be given away, which only root
    could do. Files are named without an address: a stack that somebody works on is started again by hand.
    """

    def _path(self, file: Mapping[str, Any], address: str) -> Path:
        return self._root / str(file["uid"]) / str(file["name"])

    def _holds(self, path: Path, content: bytes) -> bool:
        return path.exists() and path.read_bytes() == content

    def _hand_over(self, descriptor: int, uid: int, gid: int) -> None:
        # Those made here are read by nobody but this program; they have no reader to be given to.
        os.fchmod(descriptor, 0o444)
