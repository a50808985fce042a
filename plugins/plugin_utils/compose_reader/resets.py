"""The tags ``!reset`` and ``!override``: they remove what earlier files have at a key, wherever the key is.

Place in the pipeline: compose_reader. Pure. The source of the rules is the Compose specification, "Merge",
and what Compose does: the tag of an item of a list removes the item from its own file only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .source_positions import KeyPath, Map, Override, Pairs, Seq


def take(content: Map) -> tuple[Map, list[KeyPath]]:
    """Return a document without the tags, and the paths of the keys whose earlier value is removed.

    A key with ``!reset`` is removed from the document, too. One with ``!override`` has its value.
    """
    paths: list[KeyPath] = []
    return _without(content, (), paths), paths


def _without(value: Any, path: KeyPath, paths: list[KeyPath]) -> Any:
    if isinstance(value, Override):
        return _without(value.value, path, [])
    if isinstance(value, Map):
        result = Map({}, dict(value.marks))
        for key, item in value.items():
            if isinstance(item, Override):
                paths.append((*path, key))
            if not is_reset(item):
                result[key] = _without(item, (*path, key), paths)
        return result
    if isinstance(value, Seq):
        kept = Seq()
        for index, item in enumerate(value):
            if not is_reset(item):
                mark = value.marks[index] if index < len(value.marks) else None
                kept.add(_without(item, (*path, index), paths), mark)
        return kept
    return value


def is_reset(value: Any) -> bool:
    """Return whether a value has the tag ``!reset``."""
    return isinstance(value, Override) and value.value is None


def without(target: Any, paths: Iterable[KeyPath]) -> Any:
    """Return *target* without the keys at *paths*. A list of ``NAME=VALUE`` has no keys, also in Compose."""
    paths = list(paths)
    if not paths or not isinstance(target, Map) or isinstance(target, Pairs):
        return target
    gone = {path[0] for path in paths if len(path) == 1}
    return Map(
        {
            key: without(item, [path[1:] for path in paths if len(path) > 1 and path[0] == key])
            for key, item in target.items()
            if key not in gone
        },
        target.marks,
    )
