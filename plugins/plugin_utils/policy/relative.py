"""Relative paths of a file that another one took in: they start at its own directory, by ``include`` and ``extends``.

After the Compose specification, "Include" and "Extends". Pure: paths are put together, never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .marked import Map, Override, Seq


def service(keys: Map, folder: Path) -> Map:
    """Return a service in long notation whose paths are absolute, relative ones having started at *folder*."""
    result = Map(keys)
    for key, value in keys.items():
        result[key] = _settled(value, _READERS[key], folder) if key in _READERS else value
    return result


def top_level(content: Map, folder: Path) -> Map:
    """Return what stands beside the services, with the paths of secrets and configs made absolute in the same way."""
    result = Map(content)
    for key in ("secrets", "configs"):
        entries = content.get(key)
        if isinstance(entries, Map):
            result[key] = Map(
                {
                    name: _with(entry, "file", folder) if isinstance(entry, Map) else entry
                    for name, entry in entries.items()
                },
                entries.marks,
            )
    return result


def _settled(value: Any, read: Any, folder: Path) -> Any:
    return Override(read(value.value, folder)) if isinstance(value, Override) else read(value, folder)


def _path(text: Any, folder: Path) -> Any:
    if not isinstance(text, str) or text.startswith(("/", "~", "$", "git@")) or "://" in text:
        return text
    return str(folder / text)


def _with(entry: Mapping[str, Any], key: str, folder: Path) -> Map:
    result = Map(entry)
    if key in result:
        result[key] = _path(result[key], folder)
    return result


def _volumes(value: Any, folder: Path) -> Any:
    return _each(
        value, lambda one: _with(one, "source", folder) if isinstance(one, Map) and one.get("type") == "bind" else one
    )


def _env_files(value: Any, folder: Path) -> Any:
    return _each(value, lambda one: _with(one, "path", folder) if isinstance(one, Map) else _path(one, folder))


def _each(value: Any, change: Any) -> Any:
    return Seq([change(one) for one in value], value.marks) if isinstance(value, Seq) else value


def _build(value: Any, folder: Path) -> Any:
    return _with({"context": ".", **value}, "context", folder) if isinstance(value, Mapping) else value


_READERS = {"volumes": _volumes, "env_file": _env_files, "build": _build}
