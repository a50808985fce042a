"""The mounts of a service: volumes, bind mounts and tmpfs. Pure.

Place in the pipeline: compose_reader, where the services of a stack are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .source_positions import KeyPath, Map


@dataclass(frozen=True)
class Mount:
    """A volume, a bind mount or a tmpfs. ``source`` is ``None`` for an anonymous volume and for a tmpfs."""

    type: str
    source: str | None
    target: str
    read_only: bool
    propagation: str
    path: KeyPath


def mounts(keys: Map) -> Iterable[Mount]:
    """Yield the mounts under ``volumes`` of a service in long syntax."""
    entries = keys.get("volumes")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict) or not isinstance(entry.get("target"), str):
            continue
        bind = entry.get("bind")
        source = entry.get("source")
        yield Mount(
            type=str(entry.get("type") or "volume"),
            source=source if isinstance(source, str) else None,
            target=entry["target"].rstrip("/") or "/",
            read_only=entry.get("read_only") is True,
            propagation=str(bind.get("propagation") or "") if isinstance(bind, dict) else "",
            path=("volumes", index),
        )
