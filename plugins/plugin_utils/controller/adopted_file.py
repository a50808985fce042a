"""The file that replaces a team's Compose files in the inventory: its path, and whether it may be overwritten.

Place in the pipeline: outside it, for ``playbooks/workspace.yml``; reads and writes files on the controller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import expressions, inventory_file
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import AdoptedDescription
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import checkout

#: The record next to the file: the digest of the text that was written, and that of the text without annotations.
STATE = ".slipway.json"


def target_path(chosen: str, base: Path | None, group: str) -> Path:
    """Return the path of the file: *chosen*, or by default a variables file of *group* next to the inventory.

    :param base: the directory of the inventory; ``None`` if it is in no directory.
    :raises ValueError: if there is no directory, or Ansible would stop reading another file because of this one.
    """
    if base is None:
        raise ValueError("workspace_adopt_to: the inventory is in no directory; name the file to write")
    path = base / (chosen or f"group_vars/{group}/services.yml")
    if path.suffix not in (".yml", ".yaml"):
        raise ValueError(
            f"workspace_adopt_to: Ansible does not read {chosen} as YAML; choose a name that ends with .yml"
        )
    folder = path.parent
    for other in (folder.with_name(f"{folder.name}{suffix}") for suffix in (".yml", ".yaml", ".json")):
        if folder.parent.name in ("group_vars", "host_vars") and not folder.is_dir() and other.is_file():
            raise ValueError(
                f"Ansible would no longer read {other} next to a directory {folder.name}; move it to "
                f"{folder.name}/main{other.suffix}, or name another file in workspace_adopt_to"
            )
    return path


def services_mounting(description: AdoptedDescription, base: Path, path: Path) -> list[str]:
    """Return the services that mount a directory which contains *path*.

    The file would be part of their release, and change its digest.
    """
    target = path.resolve()
    return [
        name
        for name, entry in expressions.evaluated(description.services).items()
        for file in ((entry or {}).get("files") or {}).values()
        if "src" in file and target.is_relative_to((base / str(file["src"])).resolve())
    ]


@dataclass(frozen=True)
class Alone:
    """What follows from the Compose files alone, without what the inventory says about their services.

    ``text``: the file; ``None`` if the files cannot be adopted without the inventory. ``basis``: another text if the
    files say something else.
    """

    text: str | None
    basis: str


@dataclass(frozen=True)
class Proposal:
    """The current and the desired file."""

    path: Path
    file: checkout.File
    alone: Alone

    def write(self) -> None:
        """Write the file according to its state, and record it."""
        if self.file.changes and self.file.desired is not None:
            write_text(self.path, self.file.desired)
        if self.file.state != "kept":
            record = {**_records(self.path), self.path.name: self._record()}
            text = json.dumps(record, indent=2, sort_keys=True) + "\n"
            state = self.path.with_name(STATE)
            if _text(state) != text:
                write_text(state, text)

    def _record(self) -> dict[str, str]:
        written = self.file.desired if self.file.changes else self.file.current
        return {"written": checkout.digest(written or ""), "alone": checkout.digest(self.alone.basis)}


def propose(path: Path, text: str, alone: Alone, services: Mapping[str, Any]) -> Proposal:
    """Return what is done with the file at *path*.

    Once Ansible reads the file, it hides what the inventory said about the services of the Compose files. From then on
    it is compared with what the files say *alone*. It is not overwritten if it contained more than that.

    :param text: the text to write. :param services: the current ``stack_services`` of the inventory.
    :raises ValueError: if something at *path* cannot be read.
    """
    current = _text(path)
    recorded = _records(path).get(path.name, {})
    in_use = current is not None and bool(services) and _services(current) == services
    desired = (alone.text or current) if in_use else text
    state = checkout.file_state(current, desired, recorded.get("written"))
    if in_use and current is not None and recorded.get("alone") != recorded.get("written"):
        same_files = recorded.get("alone") == checkout.digest(alone.basis)
        same_text = recorded.get("written") == checkout.digest(current)
        changed = "kept" if state == "updated" or alone.text is None else state
        state = "unchanged" if same_files and same_text else changed
    return Proposal(path, checkout.File(path.name, current, desired, state, bool(recorded)), alone)


def _services(text: str) -> Any:
    content = inventory_file.parse(text)
    return content.get("stack_services") if isinstance(content, Mapping) else None


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as text: {error}") from None


def _records(path: Path) -> dict[str, dict[str, str]]:
    state = path.with_name(STATE)
    text = _text(state)
    try:
        content = json.loads(text or "{}")
        return {str(name): {key: str(record[key]) for key in ("written", "alone")} for name, record in content.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{state} is not a valid record of written files; restore or remove it") from None
