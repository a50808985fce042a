"""Images as a file, without the layers that the other side has.

Place in the pipeline: beside buildx; what it writes, a host's engine takes in (``engine/image_transfer``). An engine
reads a layer from the archive only where it does not have it yet, on top of the same layers below; so it may be left
out where it has. The archive's form: ``docker save``, with ``manifest.json``.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Share:
    """How many layers there are, how many of them are in the archive, and its size in bytes."""

    layers: int
    sent: int
    size: int


def thin(saved: Path, archive: Path, there: Iterable[list[str]]) -> Share:
    """Write what ``docker save`` saved as a compressed *archive*, without layers that are *there*.

    :param there: the layers of each image on the other side, as digests of their content, the lowest first.
    """
    with tarfile.open(saved) as source:
        members = source.getmembers()
        every, wanted = _layers(source, [tuple(layers) for layers in there])
        # Engines before 25 save a layer that is there twice as a link to the first.
        left_out = set() if any(member.issym() for member in members) else every - wanted
        with tarfile.open(archive, "w:gz", compresslevel=1) as target:
            for member in members:
                if member.name not in left_out:
                    target.addfile(member, source.extractfile(member) if member.isfile() else None)
    return Share(len(every), len(every - left_out), archive.stat().st_size)


def _layers(source: tarfile.TarFile, there: list[tuple[str, ...]]) -> tuple[set[str], set[str]]:
    """Return the names of all layers in an archive, and of those that the other side lacks."""
    every: set[str] = set()
    wanted: set[str] = set()
    for image in _json(source, _MANIFEST):
        names, digests = image["Layers"], tuple(_json(source, image["Config"])["rootfs"]["diff_ids"])
        common = max((_in_common(digests, layers) for layers in there), default=0)
        every.update(names)
        wanted.update(names[common:])
    return every, wanted


def _in_common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many layers two images share from the lowest on."""
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return number
    return min(len(one), len(other))


def _json(source: tarfile.TarFile, name: str) -> Any:
    stream = source.extractfile(name)
    if stream is None:
        raise ValueError(f"{name} in the saved images is no file")
    return json.load(stream)
