"""Relative paths in files that are read by ``include`` and ``extends``: they start at the directory of their own file.

Place in the pipeline: check, while files are read. Pure: no file is opened. The source of the rules is the Compose
specification, "Include" and "Extends".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .source_positions import Map, Override, Seq


def service(keys: Map, folder: Path) -> Map:
    """Return a service in long syntax with *folder* in front of its relative paths."""
    result = Map(keys)
    for key, value in keys.items():
        result[key] = _changed(value, _PATH_KEYS[key], folder) if key in _PATH_KEYS else value
    return result


def top_level(content: Map, folder: Path) -> Map:
    """Return the top-level keys with *folder* in front of the relative paths of secrets and configs."""
    result = Map(content)
    for key in ("secrets", "configs"):
        entries = content.get(key)
        if isinstance(entries, Map):
            result[key] = Map(
                {
                    name: _with_path(entry, "file", folder) if isinstance(entry, Map) else entry
                    for name, entry in entries.items()
                },
                entries.marks,
            )
    return result


def _changed(value: Any, change: Any, folder: Path) -> Any:
    return Override(change(value.value, folder)) if isinstance(value, Override) else change(value, folder)


def _joined(text: Any, folder: Path) -> Any:
    if not isinstance(text, str) or text.startswith(("/", "~", "$", "git@")) or "://" in text:
        return text
    return str(folder / text)


def _with_path(entry: Mapping[str, Any], key: str, folder: Path) -> Map:
    result = Map(entry)
    if key in result:
        result[key] = _joined(result[key], folder)
    return result


def _volumes(value: Any, folder: Path) -> Any:
    def change(entry: Any) -> Any:
        is_bind = isinstance(entry, Map) and entry.get("type") == "bind"
        return _with_path(entry, "source", folder) if is_bind else entry

    return _for_each(value, change)


def _env_files(value: Any, folder: Path) -> Any:
    def change(entry: Any) -> Any:
        return _with_path(entry, "path", folder) if isinstance(entry, Map) else _joined(entry, folder)

    return _for_each(value, change)


def _for_each(value: Any, change: Any) -> Any:
    return Seq([change(entry) for entry in value], value.marks) if isinstance(value, Seq) else value


def _build(value: Any, folder: Path) -> Any:
    return _with_path({"context": ".", **value}, "context", folder) if isinstance(value, Mapping) else value


#: The keys of a service that have paths, and the function that changes the paths of each.
_PATH_KEYS = {"volumes": _volumes, "env_file": _env_files, "build": _build}
