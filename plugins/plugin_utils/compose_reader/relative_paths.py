"""Relative paths in files that are read by ``include`` and ``extends``: they start at the directory of their own file.

Place in the pipeline: compose_reader. Pure: no file is opened. The source of the rules is the Compose
specification, "Include" and "Extends".
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .long_syntax import pairs
from .source_positions import Map, Seq

#: Build contexts that are no paths.
_REMOTE = ("github.com/", "git@", "service:")


def service(keys: Map, folder: Path) -> Map:
    """Return a service in long syntax with *folder*, as an absolute path, in front of its relative paths."""
    folder = _absolute(folder)
    result = Map(keys)
    for key, value in keys.items():
        result[key] = _PATH_KEYS[key](value, folder) if key in _PATH_KEYS else value
    return result


def top_level(content: Map, folder: Path) -> Map:
    """Return the top-level keys with *folder* in front of the relative paths of secrets, configs and volumes."""
    folder = _absolute(folder)
    result = Map(content)
    for section in ("secrets", "configs"):
        result |= _each(content, section, lambda entry: _with_path(entry, "file", folder))
    return Map({**result, **_each(content, "volumes", lambda entry: bind_volume(entry, folder))}, content.marks)


def bind_volume(volume: Map, folder: Path) -> Map:
    """Return a volume that is a directory of the host, ``o: bind``, with *folder* in front of its relative path."""
    options = volume.get("driver_opts")
    if volume.get("driver") != "local" or not isinstance(options, Map) or options.get("o") != "bind":
        return volume
    return Map({**volume, "driver_opts": _with_path(options, "device", _absolute(folder))}, volume.marks)


def _absolute(folder: Path) -> Path:
    return Path(os.path.abspath(folder))


def _each(content: Map, section: str, change: Callable[[Map], Map]) -> dict[str, Map]:
    entries = content.get(section)
    if not isinstance(entries, Map):
        return {}
    changed = {name: change(entry) if isinstance(entry, Map) else entry for name, entry in entries.items()}
    return {section: Map(changed, entries.marks)}


def _joined(text: Any, folder: Path) -> Any:
    if not isinstance(text, str) or not text or text.startswith(("/", "~", "$")):
        return text
    return str(folder / text)


def _context(text: Any, folder: Path) -> Any:
    is_remote = isinstance(text, str) and ("://" in text or text.startswith(_REMOTE))
    return text if is_remote else _joined(text, folder)


def _with_path(entry: Map, key: str, folder: Path) -> Map:
    return Map({**entry, key: _joined(entry[key], folder)}, entry.marks) if key in entry else entry


def _volumes(value: Any, folder: Path) -> Any:
    def change(entry: Any) -> Any:
        is_bind = isinstance(entry, Map) and entry.get("type") == "bind"
        return _with_path(entry, "source", folder) if is_bind else entry

    return _for_each(value, change)


def _paths(value: Any, folder: Path) -> Any:
    return _for_each(
        value, lambda entry: _with_path(entry, "path", folder) if isinstance(entry, Map) else _joined(entry, folder)
    )


def _for_each(value: Any, change: Callable[[Any], Any]) -> Any:
    return Seq([change(entry) for entry in value], value.marks) if isinstance(value, Seq) else value


def _build(value: Any, folder: Path) -> Any:
    if not isinstance(value, Map):
        return value
    result = Map(value)
    if "context" in value:
        result["context"] = _context(value["context"], folder)
    if isinstance(value.get("additional_contexts"), (Map, Seq)):
        contexts = pairs(value["additional_contexts"])
        result["additional_contexts"] = Map(
            {name: _context(context, folder) for name, context in contexts.items()}, contexts.marks
        )
    if isinstance(value.get("ssh"), Map):
        result["ssh"] = Map({name: _joined(path, folder) for name, path in value["ssh"].items()}, value["ssh"].marks)
    return result


def _develop(value: Any, folder: Path) -> Any:
    watched = value.get("watch") if isinstance(value, Map) else None
    return Map({**value, "watch": _paths(watched, folder)}, value.marks) if isinstance(watched, Seq) else value


#: The keys of a service that have paths, and the function that changes the paths of each.
_PATH_KEYS = {"volumes": _volumes, "env_file": _paths, "label_file": _paths, "build": _build, "develop": _develop}
