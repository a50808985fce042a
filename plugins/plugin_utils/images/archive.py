"""Images as a file, without the layers that the host already has.

Place in the pipeline: next to buildx; the host's engine loads the file (``engine/image_transfer``). An engine reads a
layer from the archive only if it does not have it on top of the same lower layers. So a layer that it has can be left
out. The archive has the format of ``docker save``, with ``manifest.json``.
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
class Archive:
    """A packed archive: how many layers the images have, how many of them are in it, and its size in bytes."""

    layers: int
    packed_layers: int
    size: int


def pack(saved: Path, archive: Path, remote_layers: Iterable[list[str]]) -> Archive:
    """Write the output of ``docker save`` as a compressed *archive*, without layers that the host has.

    :param remote_layers: the layers of each image on the host, as digests of their content, the lowest layer first.
    """
    with tarfile.open(saved) as source:
        members = source.getmembers()
        all_layers, missing = _layers(source, [tuple(layers) for layers in remote_layers])
        # Engines before 25 save a layer that occurs twice as a link to the first one.
        left_out = set() if any(member.issym() for member in members) else all_layers - missing
        with tarfile.open(archive, "w:gz", compresslevel=1) as target:
            for member in members:
                if member.name not in left_out:
                    target.addfile(member, source.extractfile(member) if member.isfile() else None)
    return Archive(len(all_layers), len(all_layers - left_out), archive.stat().st_size)


def _layers(source: tarfile.TarFile, remote_layers: list[tuple[str, ...]]) -> tuple[set[str], set[str]]:
    """Return the names of all layers in an archive, and of those that the host does not have."""
    all_layers: set[str] = set()
    missing: set[str] = set()
    for image in _json(source, _MANIFEST):
        names, digests = image["Layers"], tuple(_json(source, image["Config"])["rootfs"]["diff_ids"])
        common = max((_common_layers(digests, layers) for layers in remote_layers), default=0)
        all_layers.update(names)
        missing.update(names[common:])
    return all_layers, missing


def _common_layers(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many layers two images share, from the lowest layer on."""
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return number
    return min(len(one), len(other))


def _json(source: tarfile.TarFile, name: str) -> Any:
    stream = source.extractfile(name)
    if stream is None:
        raise ValueError(f"{name} in the saved images is not a file")
    return json.load(stream)
