"""Assets: files with content-based names that the edge serves for pages of earlier releases.

A page that was loaded before a rollout requests the files of its own release, sometimes hours later. So the files of
every image are kept as long as a release on this host uses the image.

Place in the pipeline: target, prepare and finalize. The directory ``edge/assets/`` has::

    images/KEY/         the files of an image, by their URL path
    images/KEY.json     {"/assets/index-4f2a.js": "SHA256", ...}
    unions/DIGEST/      hard links to the files of all images
    current             link to the union that the edge reads

If a name has different content in two images, the name does not depend on the content. The edge does not serve such a
file; the service does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from ansible_collections.slipway.stack.plugins.module_utils.engine import container_files
from ansible_collections.slipway.stack.plugins.module_utils.engine.container_files import (
    NoSuchDirectory,
    UnfitDirectory,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

#: The name of the union without files.
_EMPTY = "none"

#: Names of the directories of images and of unions. Directories with other names are not ours.
_KEY, _UNION = re.compile(r"[0-9a-f]{16}"), re.compile(r"\.?(?:none|[0-9a-f]{16})")

#: A manifest (``None`` without a release), and a function that returns its containers by service.
Release = tuple[Optional[Mapping[str, Any]], Callable[[], Mapping[str, list[Container]]]]


def keep_assets(home: Home, releases: Iterable[Release], journal: Journal) -> None:
    """Copy the assets of new images, and make the edge serve them.

    :param releases: the live release and the new one.
    :raises RolloutFailed: for a service whose image does not have the directory that the service names.
    """
    missing = list(_missing_copies(home, releases))
    if not missing and (_current_union(home) or _EMPTY) == _union_name(_servable_files(home)):
        return
    with journal.part("prepare", "assets"):
        for key, entry, container in missing:
            _copy(home, key, entry, container)
        _update_union(home)


def prune_assets(home: Home) -> None:
    """Remove the files of images that no release on this host uses."""
    needed = set()
    for release_id in home.release_ids():
        manifest = home.manifest(release_id)
        needed |= {_key(manifest, entry) for entry in _entries(manifest)} if manifest else set()
    for path in _images(home).glob("*"):
        if _KEY.fullmatch(path.stem) and path.stem not in needed:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if _images(home).is_dir():
        _update_union(home)


def _images(home: Home) -> Path:
    return home.edge / "assets" / "images"


def _entries(manifest: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    # Releases of earlier versions of the collection do not have this key.
    return list(manifest.get("assets", [])) if manifest else []


def _key(manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    pinned = manifest["services"][entry["service"]]["pinned"]
    return hashlib.sha256(json.dumps([pinned, entry["path"], entry["directory"]]).encode()).hexdigest()[:16]


def _missing_copies(home: Home, releases: Iterable[Release]) -> Iterator[tuple[str, Mapping[str, Any], Container]]:
    """Yield the key, the entry and a container of each image whose files have not been copied."""
    for manifest, containers in releases:
        for entry in _entries(manifest):
            key = _key(manifest or {}, entry)
            if _read_record(_images(home) / f"{key}.json") is None:
                yield from ((key, entry, container) for container in containers().get(entry["service"], [])[:1])


def _copy(home: Home, key: str, entry: Mapping[str, Any], container: Container) -> None:
    """Copy the files of one image. Their record is written last, after all files."""
    folder = _images(home) / key
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / str(entry["path"]).strip("/")
    target.mkdir(parents=True)
    where = f"service '{entry['service']}': key 'assets': "
    found: dict[str, str] = {}
    try:
        found = container_files.copy_directory(container.id, str(entry["directory"]), target)
    except NoSuchDirectory:
        if entry["required"]:
            raise RolloutFailed(f"{where}its image has no directory {entry['directory']}") from None
    except UnfitDirectory as error:
        raise RolloutFailed(f"{where}the directory {entry['directory']} of its image {error}") from None
    digests = {f"/{(target / name).relative_to(folder)}": digest for name, digest in found.items()}
    write_text(_images(home) / f"{key}.json", json.dumps(digests, sort_keys=True))


def _read_record(path: Path) -> dict[str, str] | None:
    """Return the record of an image's files; ``None`` if there is none or a damaged one. Then they are copied again."""
    found = state_file.read(path, {}, "").value
    return found if found is not None and all(isinstance(digest, str) for digest in found.values()) else None


def _servable_files(home: Home) -> dict[str, tuple[str, str]]:
    """Return the files that the edge may serve, by URL path: the digest, and the key of an image that has the file."""
    keys_by_digest: dict[str, dict[str, str]] = {}
    for record in sorted(_images(home).glob("*.json")):
        for path, digest in (_read_record(record) or {}).items():
            keys_by_digest.setdefault(path, {}).setdefault(digest, record.stem)
    return {path: next(iter(keys.items())) for path, keys in sorted(keys_by_digest.items()) if len(keys) == 1}


def _union_name(files: Mapping[str, tuple[str, str]]) -> str:
    """Return the name of the union that has these files."""
    if not files:
        return _EMPTY
    digests = {path: digest for path, (digest, _key) in files.items()}
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:16]


def _current_union(home: Home) -> str | None:
    current = home.edge / "assets" / "current"
    return Path(os.readlink(current)).name if current.is_symlink() else None


def _update_union(home: Home) -> None:
    """Create the union of all files that may be served, and replace the current union with it atomically."""
    assets = home.edge / "assets"
    files = _servable_files(home)
    name = _union_name(files)
    union = assets / "unions" / name
    if not union.is_dir():
        incoming = union.with_name(f".{name}")
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True)
        for path, (_digest, key) in files.items():
            target = incoming / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(_images(home) / key / path.lstrip("/"), target)
        incoming.rename(union)
    link(assets / "current", f"unions/{name}")
    for other in (assets / "unions").iterdir():
        if other.name != name and _UNION.fullmatch(other.name):
            shutil.rmtree(other)
