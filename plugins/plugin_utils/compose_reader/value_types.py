"""Checks whether the values in a Compose file have a type that the specification allows. Pure.

Place in the pipeline: compose_reader, on the values as a file has them. ``compose_schema`` says what is allowed.
Variables have been replaced before: a text with the digits of a number is a number, as Compose reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from . import scalar_types
from .compose_schema import NEWER_KEYS, NOTATIONS, SCHEMA
from .source_positions import KeyPath

_Place = tuple[str, ...]
_SHOWN = 60
#: A name of a service, a volume, a secret or a config.
_NAME = re.compile(r"[a-zA-Z0-9._-]+")


@dataclass(frozen=True)
class Mistake:
    """A value or a key that Compose refuses.

    ``absent``: a key without a value or without its mapping. It is no mistake if another file, or the service that this
    one extends, gives it a value. ``valid``: the valid keys, for an unknown one.
    """

    path: KeyPath
    kind: Literal["unknown", "newer", "absent", "type"]
    message: str
    valid: tuple[str, ...] = ()


@dataclass(frozen=True)
class Key:
    """A key of a mapping: its value, and whether it must be there."""

    notation: str
    required: bool = False


def _read_keys() -> dict[_Place, dict[str, Key]]:
    result: dict[_Place, dict[str, Key]] = {}
    for line in SCHEMA.strip().replace("\n ", " ").splitlines():
        place, _colon, keys = line.partition(":")
        entries = (key.partition("=") for key in keys.split())
        result[tuple(place.split(".")) if place else ()] = {
            name.rstrip("!"): Key(notation or "text", name.endswith("!")) for name, _equals, notation in entries
        }
    return result


#: The keys of each mapping of a Compose file, by its place.
KEYS = _read_keys()
SERVICE: _Place = ("services", "*")
#: Notations of names with values. Compose takes an empty name in a list, and then refuses what it has made of it.
_PAIRS = ("pairs", "unlike_pairs")


def unknown_keys(value: Any, place: _Place = ()) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    """Yield the unknown keys of a mapping in long syntax, at every level: the path, and the keys that are valid there.

    Keys that start with ``x-`` are free. :param place: see :func:`mistakes`.
    """
    for mistake in mistakes(value, place):
        # `long_syntax` keeps the text of a port under a key of its own.
        if mistake.kind == "unknown" and not (mistake.path[-1] == "short" and mistake.path[0] in ("ports", "volumes")):
            yield mistake.path, mistake.valid


def shown(path: KeyPath) -> str:
    """Return a path of keys as people write it, without the indexes of lists: ``deploy.resources.limits``."""
    return ".".join(str(key) for key in path if not isinstance(key, int))


def mistakes(value: Any, place: _Place = (), path: KeyPath = ()) -> Iterator[Mistake]:
    """Yield what Compose refuses in a mapping of a Compose file: its keys, and their values at every level.

    :param place: the place of the mapping in a file; by default *value* is a whole file.
    """
    keys = KEYS[place]
    for key, item in value.items():
        if (*place, key) in NEWER_KEYS:
            yield Mistake((*path, key), "newer", "is too new: Compose 2.40 does not know it; remove it")
        if key in keys:
            yield from _value_mistakes(item, keys[key].notation, (*place, key), (*path, key))
        elif not str(key).startswith("x-"):
            yield Mistake((*path, key), "unknown", "is unknown", tuple(sorted(keys)))
    for key, spec in keys.items():
        if spec.required and key not in value:
            yield Mistake((*path, key), "absent", f"is missing; {wanted(spec.notation)} is needed")


def _value_mistakes(value: Any, notation: str, place: _Place, path: KeyPath) -> Iterator[Mistake]:
    fitting = [one for one in alternatives(notation) if _has_shape(value, one)]
    if not fitting:
        yield Mistake(path, "absent" if value is None else "type", _type_message(value, notation))
    elif isinstance(value, dict):
        yield from _mapping_mistakes(value, fitting[0], place, path)
    elif isinstance(value, list):
        yield from _list_mistakes(value, fitting[0], place, path)
        if notation in _PAIRS:
            nameless = (index for index, item in enumerate(value) if str(item).startswith("=") or item == "")
            yield from (Mistake((*path, index), "type", "an item has no name before '='") for index in nameless)


def _mapping_mistakes(value: dict[str, Any], notation: str, place: _Place, path: KeyPath) -> Iterator[Mistake]:
    inner = notation[1:-1]
    if not inner:
        yield from mistakes(value, place, path)
        return
    for key, item in value.items():
        if not key:
            yield Mistake((*path, key), "type", "a name is empty")
        if notation[0] == "<" and not _NAME.fullmatch(str(key)):
            yield Mistake((*path, key), "type", "a name has letters, digits and the signs . _ - only")
        yield from _value_mistakes(item, inner, (*place, "*"), (*path, key))


def _list_mistakes(value: list[Any], notation: str, place: _Place, path: KeyPath) -> Iterator[Mistake]:
    seen: set[str | int | float] = set()
    for index, item in enumerate(value):
        yield from _value_mistakes(item, notation[1 : notation.rindex("]")], (*place, "[]"), (*path, index))
        if notation.endswith("!") and isinstance(item, (str, int, float)):
            if item in seen:
                yield Mistake((*path, index), "type", f"found {str(item)[:_SHOWN]!r} twice; each item may occur once")
            seen.add(item)


@cache
def alternatives(notation: str) -> tuple[str, ...]:
    """Return the alternatives ``a``, ``[b|c]`` of a notation ``a|[b|c]``, names of notations replaced."""
    parts, depth = [""], 0
    for sign in notation:
        depth += (sign in "[{<(") - (sign in "]}>)")
        if sign == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return tuple(one for part in parts for one in (alternatives(NOTATIONS[part]) if part in NOTATIONS else (part,)))


def _has_shape(value: Any, notation: str) -> bool:
    """Return whether *value* is a mapping or a list as *notation* says, or a scalar that it allows."""
    if notation[0] == "[":
        return isinstance(value, list)
    if notation[0] in "{<":
        return isinstance(value, dict)
    if isinstance(value, (list, dict)):
        return False
    if notation[0] == "(":
        return value in notation[1:-1].split(",") or scalar_types.is_unknown(value)
    return scalar_types.SCALARS[notation].accepts(value)


def _type_message(value: Any, notation: str) -> str:
    """Return what was found and what is needed. A text is shown if it has a wrong form, else it may be a secret."""
    scalars = [one for one in alternatives(notation) if one[0] not in "[{<"]
    if value is None:
        found = "has no value"
    elif isinstance(value, bool):
        found = f"found {str(value).lower()}"
    elif isinstance(value, (int, float)):
        found = f"found the number {value}"
    elif isinstance(value, str):
        found = f"found {value[:_SHOWN]!r}" if scalars else "found a text"
    else:
        found = "found a list" if isinstance(value, list) else "found a mapping"
    in_quotes = isinstance(value, (int, float)) and "text" in scalars
    return f"{found}; {wanted(notation)} is needed{', so put it in quotes' if in_quotes else ''}"


def wanted(notation: str) -> str:
    """Return what is valid, for messages: ``a text or a list of texts``."""
    words = [word for one in alternatives(notation) if (word := _words(one, False))]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _words(notation: str, several: bool) -> str:
    if notation[0] == "[":
        items = " or ".join(
            dict.fromkeys(_words(one, True) for one in alternatives(notation[1 : notation.rindex("]")]))
        )
        return f"lists of {items}" if several else f"a list of {items}"
    if notation[0] in "{<":
        return "mappings" if several else "a mapping"
    if notation[0] == "(":
        return " or ".join(repr(word) for word in notation[1:-1].split(","))
    scalar = scalar_types.SCALARS[notation]
    return scalar.plural if several else scalar.words
