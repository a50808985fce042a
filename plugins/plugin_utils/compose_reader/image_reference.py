"""Image references split into registry, name, tag and digest. Pure.

Place in the pipeline: compose_reader, where the services of a stack are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How many characters of a reference are read.
_MAX_LENGTH = 1000


@dataclass(frozen=True)
class Image:
    """The parts of an image reference. ``text`` is the whole reference. A missing part is an empty text."""

    text: str
    registry: str
    name: str
    tag: str
    digest: str

    @property
    def base(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    @property
    def unknown(self) -> bool:
        """Whether the tag depends on a variable that has no value here."""
        return "${" in self.tag or ("${" in self.text and not self.tag and not self.digest)

    @property
    def major(self) -> int | None:
        """The number at the start of the tag, ``None`` if the tag does not start with a number."""
        match = re.match(r"v?(\d+)(?!\w)|pg(\d+)", self.tag)
        return int(match[1] or match[2]) if match else None


def parse(text: str) -> Image:
    """Return the parts of an image reference. Variables without a value stay in the text."""
    text = text[:_MAX_LENGTH]
    # The signs `:`, `/` and `@` inside of a variable do not separate parts of the reference.
    masked = re.sub(
        r"\$\{[^${}]*\}", lambda match: match[0].replace(":", "\1").replace("/", "\2").replace("@", "\3"), text
    )
    rest, _at, digest = masked.partition("@")
    head, slash, tail = rest.rpartition("/")
    tail, _colon, tag = tail.partition(":")
    name = head + slash + tail
    first, slash, others = name.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    unmask = str.maketrans("\1\2\3", ":/@")
    parts = (text, registry, others if registry else name, tag, digest)
    return Image(*(part.translate(unmask) for part in parts))
