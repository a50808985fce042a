"""Merging of Compose files as Compose does it: mappings key by key, lists appended, some keys by rules of their own.

Place in the pipeline: check, while files are read. Pure. The source of the rules is the Compose specification, "Merge".
All services are in long syntax.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .source_positions import Map, Override, Seq, mark_of

#: Lists that a later file replaces as a whole.
_REPLACED = frozenset({"command", "entrypoint"})
#: What identifies an item of these lists. A later file replaces the item with the same identity.
_IDENTITY: dict[str, Callable[[Map], Any]] = {
    "ports": lambda item: tuple(str(item.get(key, "")) for key in ("host_ip", "published", "target", "protocol")),
    "volumes": lambda item: item.get("target"),
    "secrets": lambda item: item.get("target") or item.get("source"),
    "configs": lambda item: item.get("target") or item.get("source"),
}


def services(base: Map, over: Map) -> Map:
    """Return one service of two files, with *over* merged into *base*."""
    result = Map(base, dict(base.marks))
    for key, value in over.items():
        result[key] = _merged(key, result.get(key), value)
        mark = over.marks.get(key)
        if mark and (not isinstance(value, (Map, Seq)) or key not in result.marks or result[key] is value):
            result.marks[key] = mark
    return result


def _merged(key: str, before: Any, after: Any) -> Any:
    if isinstance(after, Override):
        return after.value
    if isinstance(before, Override):
        before = before.value
    if key in _REPLACED:
        return after
    if isinstance(before, Map) and isinstance(after, Map):
        if key == "healthcheck" or (
            key == "logging" and before.get("driver") != after.get("driver", before.get("driver"))
        ):
            return _updated(before, after) if key == "healthcheck" else after
        return mappings(before, after)
    if isinstance(before, Seq) and isinstance(after, Seq):
        return _appended(key, before, after)
    return before if after is None and isinstance(before, (Map, Seq)) else after


def _updated(before: Map, after: Map) -> Map:
    return Map({**before, **after}, {**before.marks, **after.marks})


def mappings(before: Map, after: Map) -> Map:
    """Return two mappings merged, with the mappings and lists in them."""
    result = Map(before, dict(before.marks))
    for key, value in after.items():
        result[key] = _merged(key, before.get(key), value)
        mark = after.marks.get(key)
        if mark and not (isinstance(before.get(key), (Map, Seq)) and key in result.marks):
            result.marks[key] = mark
    return result


def _appended(key: str, before: Seq, after: Seq) -> Seq:
    identity = _IDENTITY.get(key)
    result = Seq()
    replaced = {_identity_of(identity, item) for item in after} if identity else set()
    for index, item in enumerate(before):
        if not identity or _identity_of(identity, item) not in replaced:
            result.add(item, mark_of(before, index))
    seen = {repr(item) for item in before} if not identity else set()
    for index, item in enumerate(after):
        if identity or repr(item) not in seen:
            result.add(item, mark_of(after, index))
    return result


def _identity_of(identity: Callable[[Map], Any], item: Any) -> str:
    return repr(identity(item)) if isinstance(item, Map) else repr(item)


def without_overrides(value: Any) -> Any:
    """Return *value* without the tags ``!reset`` and ``!override``, after the last merge."""
    if isinstance(value, Override):
        return without_overrides(value.value)
    if isinstance(value, Map):
        kept = {
            key: without_overrides(item)
            for key, item in value.items()
            if not (isinstance(item, Override) and item.value is None)
        }
        return Map(kept, value.marks)
    return Seq([without_overrides(item) for item in value], value.marks) if isinstance(value, Seq) else value
