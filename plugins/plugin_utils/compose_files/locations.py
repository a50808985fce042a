"""Where in a team's files something stands, and sentences about it.

Place in the pipeline: project. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, Mark, mark_of

#: What stands in the text in place of a variable without a value. Private-use characters, which nobody types.
_UNSET = re.compile("\ue002([^\ue003]+)\ue003")


def unset(name: str, reference: str) -> str:
    """Return what stands for a variable without a value, from its whole reference as it is written."""
    return f"\ue002{reference}\ue003"


def unset_in(value: object) -> list[str]:
    """Return the references in a text to variables without a value."""
    return _UNSET.findall(value) if isinstance(value, str) else []


@dataclass
class Complaints:
    """All that is wrong with the files, a sentence each, without repetition.

    :param folder: what paths are shown relative to, with a slash at the end.
    """

    folder: str
    sentences: dict[str, None] = field(default_factory=dict)

    def add(self, mark: Mark | None, where: str, what: str) -> None:
        """Note that *what* is wrong with *where*, such as ``service 'web': key 'image'``, which stands at *mark*."""
        self.sentences[f"{self.place(mark)}{where}: {what}"] = None

    def place(self, mark: Mark | None) -> str:
        """Return ``FILE:LINE: ``, empty where nobody knows."""
        if mark is None or not mark.file:
            return ""
        return f"{mark.file.removeprefix(self.folder)}:{mark.line}: "

    def raise_any(self) -> None:
        """:raises ValueError: with all of them, a line each, where there are any."""
        if self.sentences:
            raise ValueError("\n".join(self.sentences))


def texts(value: Any, path: tuple[str, ...] = (), mark: Mark | None = None) -> Iterator[tuple[str, str, Mark | None]]:
    """Yield every text below *value*: the text, the dotted name of its key, the nearest mark."""
    if isinstance(value, str):
        yield value, ".".join(path), mark
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, str(key)), mark_of(value, key) or mark)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, path, mark_of(value, index) or mark)


def mapping(value: Any) -> Map:
    """Return *value* where it is a mapping, else an empty one."""
    return value if isinstance(value, Map) else Map(value if isinstance(value, dict) else {})


def of(name: str, key: str) -> str:
    """Return how a sentence names a key of a service."""
    return f"service {name!r}: key {key!r}"
