"""Values as they come out of YAML, which remember the file and the line of every key. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Mark(NamedTuple):
    """Where a value stands. ``source`` is the text as written where the value is another one, else ``None``."""

    file: str
    line: int
    source: str | None = None


class Map(dict[str, Any]):
    """A mapping that knows the mark of each key. ``merged`` are the keys that came in by ``<<``."""

    def __init__(self, values: Any = (), marks: dict[str, Mark] | None = None) -> None:
        super().__init__(values)
        self.marks: dict[str, Mark] = marks if marks is not None else dict(getattr(values, "marks", {}))


class Seq(list[Any]):
    """A list that knows the mark of each item, as far as there are marks."""

    def __init__(self, values: Iterable[Any] = (), marks: list[Mark | None] | None = None) -> None:
        super().__init__(values)
        self.marks: list[Mark | None] = marks if marks is not None else list(getattr(values, "marks", ()))

    def add(self, value: Any, mark: Mark | None) -> None:
        """Append *value*, which stands at *mark*."""
        self.marks += [None] * (len(self) - len(self.marks))
        self.append(value)
        self.marks.append(mark)


class Override:
    """A value under the tag ``!override`` or ``!reset``: it replaces what it would be merged with."""

    def __init__(self, value: Any) -> None:
        self.value = value
