"""Mappings and lists that know the file and the line of each entry. Pure.

Place in the pipeline: compose_reader. The YAML parser makes these values, and every later step keeps their marks, so
that a finding can name the file and the line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

#: The keys and indexes that lead from a service or a document to a value.
KeyPath = tuple[Any, ...]


class Mark(NamedTuple):
    """Where an entry is. ``source`` is its text in the file if the value differs from that text, else ``None``."""

    file: str
    line: int
    source: str | None = None


class Refusal(NamedTuple):
    """Something that Compose refuses: where it is, the key or variable as a message names it, and a sentence."""

    mark: Mark | None
    where: str
    message: str


class Map(dict[str, Any]):
    """A mapping with a mark for each key."""

    def __init__(self, values: Any = (), marks: dict[str, Mark] | None = None) -> None:
        super().__init__(values)
        self.marks: dict[str, Mark] = marks if marks is not None else dict(getattr(values, "marks", {}))


class Pairs(Map):
    """A mapping that a file, or a merge, has as a list of ``NAME=VALUE``."""


class Seq(list[Any]):
    """A list with a mark for each item. ``marks`` can be shorter than the list: the items after it have no mark."""

    def __init__(self, values: Iterable[Any] = (), marks: list[Mark | None] | None = None) -> None:
        super().__init__(values)
        self.marks: list[Mark | None] = marks if marks is not None else list(getattr(values, "marks", ()))

    def add(self, value: Any, mark: Mark | None) -> None:
        """Append *value* with its mark."""
        self.marks += [None] * (len(self) - len(self.marks))
        self.append(value)
        self.marks.append(mark)


class Override:
    """A value with the tag ``!override`` or ``!reset``. It replaces the earlier value and is not merged with it."""

    def __init__(self, value: Any) -> None:
        self.value = value


def mark_of(value: Any, key: Any) -> Mark | None:
    """Return the mark of one entry of a collection, ``None`` if it has no mark."""
    marks = getattr(value, "marks", None)
    if isinstance(marks, dict):
        return marks.get(key)
    if isinstance(marks, list) and isinstance(key, int) and 0 <= key < len(marks):
        return marks[key]
    return None


def mark_at(value: Any, path: KeyPath) -> Mark | None:
    """Return the mark of the last entry on *path* that has one, ``None`` if none has."""
    found = None
    for key in path:
        own = mark_of(value, key)
        if own is None or not isinstance(value, (dict, list)):
            break
        found = own if own.file else found
        value = value.get(key) if isinstance(value, dict) else value[key] if key < len(value) else None
    return found
