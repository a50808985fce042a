"""Images as a file: which layers are left out."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.images import archive
from ansible_collections.slipway.stack.plugins.plugin_utils.images.archive import Archive

BASE, LIBRARIES, APP, OTHER = (f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in ("b", "l", "a", "o"))


def _saved(
    path: Path, *images: list[str], links: dict[str, str] | None = None, blobs: dict[str, bytes] | None = None
) -> Path:
    """Write what `docker save` would write for images with these layers, and further *blobs*."""
    entries: dict[str, bytes] = dict(blobs or {})
    manifest = []
    for number, layers in enumerate(images):
        config = f"blobs/sha256/config{number}"
        entries[config] = json.dumps({"rootfs": {"type": "layers", "diff_ids": layers}}).encode()
        names = [_name(layer) for layer in layers]
        entries.update({name: name.encode() for name in names})
        manifest.append({"Config": config, "RepoTags": [f"localhost/app:{number}"], "Layers": names})
    entries["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as stream:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            stream.addfile(member, io.BytesIO(content))
        for name, other in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, other
            stream.addfile(member)
    return path


def _name(layer: str) -> str:
    return f"blobs/sha256/{layer.removeprefix('sha256:')}"


def _layers(path: Path) -> set[str]:
    with tarfile.open(path) as stream:
        names = stream.getnames()
        assert "manifest.json" in names
        return {name for name in names if name.startswith("blobs/") and "config" not in name}


@pytest.mark.parametrize(
    ("remote_layers", "packed"),
    [
        ([], {BASE, LIBRARIES, APP}),
        ([[BASE]], {LIBRARIES, APP}),
        ([[BASE, LIBRARIES, OTHER], [BASE, OTHER]], {APP}),
        ([[BASE, LIBRARIES, APP, OTHER]], set()),
        # For the engine the same content on top of other layers is a different layer.
        ([[OTHER, LIBRARIES, APP]], {BASE, LIBRARIES, APP}),
    ],
    ids=["none", "the base", "all but one", "all", "not from the lowest on"],
)
def test_layers_that_the_host_has_are_left_out(
    tmp_path: Path, remote_layers: list[list[str]], packed: set[str]
) -> None:
    path = tmp_path / "images.tar.gz"
    written = archive.pack(_saved(tmp_path / "saved.tar", [BASE, LIBRARIES, APP]), path, remote_layers)
    assert _layers(path) == {_name(layer) for layer in packed}
    assert written == Archive(3, len(packed), path.stat().st_size)


def test_a_layer_is_compared_with_the_layers_below_it(tmp_path: Path) -> None:
    packed = tmp_path / "images.tar.gz"
    archive.pack(_saved(tmp_path / "saved.tar", [BASE, APP], [OTHER, APP]), packed, [[BASE, APP]])
    assert _layers(packed) == {_name(OTHER), _name(APP)}


def test_an_archive_with_links_keeps_all_layers(tmp_path: Path) -> None:
    packed = tmp_path / "images.tar.gz"
    saved = _saved(tmp_path / "saved.tar", [BASE, APP], links={"blobs/sha256/twin": "base"})
    assert archive.pack(saved, packed, [[BASE]]).packed_layers == 2
    assert _name(BASE) in _layers(packed)


def test_attestations_are_not_layers(tmp_path: Path) -> None:
    """An engine with containerd's store saves them too. Engines load by `manifest.json`, which lists images only."""
    blobs = {"blobs/sha256/attestation": b"{}", "blobs/sha256/predicate": b"{}", "index.json": b"{}"}
    packed = tmp_path / "images.tar.gz"
    written = archive.pack(_saved(tmp_path / "saved.tar", [BASE, APP], blobs=blobs), packed, [[BASE]])
    assert (written.layers, written.packed_layers) == (2, 1)
    assert _layers(packed) == {_name(APP), "blobs/sha256/attestation", "blobs/sha256/predicate"}
