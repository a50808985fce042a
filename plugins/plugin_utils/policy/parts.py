"""What a service is made of, read into one shape each: its image, its ports, its mounts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .marked import Map

#: Characters of a reference that are looked at.
_LONGEST = 1000
#: Keys from a service or a document down to a value.
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Image:
    """An image reference taken apart. ``unknown``: some of it is a variable that has no value here."""

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
        """Whether the tag cannot be told."""
        return "${" in self.tag or ("${" in self.text and not self.tag and not self.digest)

    @property
    def major(self) -> int | None:
        """The first number of the tag, where the tag begins with one."""
        match = re.match(r"v?(\d+)(?!\w)|pg(\d+)", self.tag)
        return int(match[1] or match[2]) if match else None


@dataclass(frozen=True)
class Port:
    """A published port. ``published`` is the first one where it is a range, ``None`` where the engine chooses."""

    host: str
    published: int | None
    count: int
    target: int | None
    protocol: str
    path: Path

    @property
    def loopback(self) -> bool:
        """Whether only the host itself reaches it. An address that is not known counts as meant well."""
        return self.host.startswith("127.") or self.host in ("localhost", "::1") or "${" in self.host


@dataclass(frozen=True)
class Mount:
    """A volume, a bind mount or a tmpfs."""

    type: str
    source: str | None
    target: str
    read_only: bool
    propagation: str
    path: Path


def image(text: str) -> Image:
    """Return an image reference taken apart; variables without a value stay where they are."""
    text = text[:_LONGEST]
    masked = re.sub(
        r"\$\{[^${}]*\}", lambda match: match[0].replace(":", "\1").replace("/", "\2").replace("@", "\3"), text
    )
    rest, _at, digest = masked.partition("@")
    head, slash, tail = rest.rpartition("/")
    tail, _colon, tag = tail.partition(":")
    name = head + slash + tail
    first, slash, others = name.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    plain = str.maketrans("\1\2\3", ":/@")
    parts = (text, registry, others if registry else name, tag, digest)
    return Image(*(part.translate(plain) for part in parts))


def number(value: Any) -> int | None:
    """Return a whole number that may be written as text, ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else None


def ports(keys: Map) -> Iterable[Port]:
    """Yield the published ports of a service in long notation."""
    given = keys.get("ports")
    for index, item in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(item, dict):
            continue
        first, _dash, last = str(item.get("published") or "").partition("-")
        begin, end = number(first), number(last)
        yield Port(
            host=str(item.get("host_ip") or ""),
            published=begin,
            count=end - begin + 1 if begin is not None and end is not None and 0 <= end - begin < 1000 else 1,
            target=number(str(item.get("target") or "").partition("-")[0]),
            protocol=str(item.get("protocol") or "tcp"),
            path=("ports", index),
        )


def mounts(keys: Map) -> Iterable[Mount]:
    """Yield the mounts of a service in long notation."""
    given = keys.get("volumes")
    for index, item in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(item, dict) or not isinstance(item.get("target"), str):
            continue
        bind = item.get("bind")
        source = item.get("source")
        yield Mount(
            type=str(item.get("type") or "volume"),
            source=source if isinstance(source, str) else None,
            target=item["target"].rstrip("/") or "/",
            read_only=item.get("read_only") is True,
            propagation=str(bind.get("propagation") or "") if isinstance(bind, dict) else "",
            path=("volumes", index),
        )
