"""Secret files whose content has changed behind the same path: which content each path has now.

Place in the pipeline: target, under ``secret_store``. The path of a secret file has the address of its content, so
another content is another path, and that replaces the container. A rotation keeps the container of a password's server:
it changes the content behind the path, and records that here. The file ``secrets/renamed.json`` has addresses only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text

_NAME = "renamed.json"
_REMEDY = "Restore it from a backup, or remove it: then the next deploy replaces the servers of rotated passwords"


def key(file: Mapping[str, Any]) -> str:
    """Return how a secret file is called here."""
    return f"{file['uid']}/{file['name']}"


class Renamed:
    """The address in the path of each secret file by the address of its content, where they differ."""

    def __init__(self, root: Path) -> None:
        """:param root: the directory ``secrets`` of the stack."""
        self._path = root / _NAME
        found = state_file.read(self._path, {}, _REMEDY)
        #: What is wrong with the file; empty if nothing is.
        self.problem = found.problem
        entries = {name: value for name, value in (found.value or {}).items() if isinstance(value, dict)}
        self._entries: dict[str, dict[str, str]] = entries

    def in_path(self, file: Mapping[str, Any], content: str) -> str:
        """Return the address in the path of a secret file. :param content: the address of its content."""
        return str(self._entries.get(key(file), {}).get(content, content))

    def record(self, file: Mapping[str, Any], in_path: str, contents: list[str]) -> None:
        """Record the addresses of the contents that the file with *in_path* may have now."""
        others = {one: path for one, path in self._entries.get(key(file), {}).items() if path != in_path}
        self._entries[key(file)] = {**others, **{one: in_path for one in contents if one != in_path}}
        self._write()

    def prune(self, kept: set[str]) -> None:
        """Forget the paths whose address is not in *kept*."""
        pruned = {
            name: {content: path for content, path in entry.items() if path in kept}
            for name, entry in self._entries.items()
        }
        if pruned != self._entries:
            self._entries = pruned
            self._write()

    def _write(self) -> None:
        entries = {name: entry for name, entry in self._entries.items() if entry}
        if entries or self._path.exists():
            write_text(self._path, json.dumps({"format": state_file.FORMAT, **entries}, indent=1) + "\n", 0o600)
