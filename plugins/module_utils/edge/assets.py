"""Files named by their content, kept beside the edge's configuration for pages of earlier releases.

A page that was loaded before a release changed asks for the files of its own release, hours later where a part of it is
loaded only then. So the files of every image are kept for as long as a release is here that has it.

Place in the pipeline: target, prepare and finalize. Below ``edge/assets/``::

    images/KEY/         the files of an image, by their path in addresses
    images/KEY.json     {"/assets/index-4f2a.js": "SHA256", ...}
    unions/DIGEST/      hard links to the files of all of them
    current             link to the union that the edge reads

A name that has stood for two contents is not named by its content. Whoever asks for it gets it from its service.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

#: What the engine says of a path that a container does not have.
_NOT_THERE = "Could not find the file"
#: The union of nothing.
_NONE = "none"

#: A manifest, ``None`` for no release, and what tells the containers that it has, by service.
Release = tuple[Optional[Mapping[str, Any]], Callable[[], Mapping[str, list[Container]]]]


def keep_assets(home: Home, releases: Iterable[Release], journal: Journal) -> None:
    """Copy the assets out of images that have not been seen before, and have the edge serve them.

    :param releases: the one that is live, and the one to come.
    :raises RolloutFailed: for a service whose image lacks the directory that the service names.
    """
    missing = list(_missing(home, releases))
    if not missing and (_current(home) or _NONE) == _union(_contents(home)):
        return
    with journal.part("prepare", "assets"):
        for key, entry, container in missing:
            _copy(home, key, entry, container)
        _unite(home)


def prune_assets(home: Home) -> None:
    """Remove the files of images that no release here has any more."""
    needed = set()
    for release_id in home.release_ids():
        manifest = home.manifest(release_id)
        needed |= {_key(manifest, entry) for entry in _entries(manifest)} if manifest else set()
    for path in _images(home).glob("*"):
        if path.name.removesuffix(".json") not in needed:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if _images(home).is_dir():
        _unite(home)


def _images(home: Home) -> Path:
    return home.edge / "assets" / "images"


def _entries(manifest: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    # A release of an earlier version of the collection says nothing of it.
    return list(manifest.get("assets", [])) if manifest else []


def _key(manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    pinned = manifest["services"][entry["service"]]["pinned"]
    return hashlib.sha256(json.dumps([pinned, entry["path"], entry["directory"]]).encode()).hexdigest()[:16]


def _missing(home: Home, releases: Iterable[Release]) -> Iterator[tuple[str, Mapping[str, Any], Container]]:
    for manifest, containers in releases:
        for entry in _entries(manifest):
            key = _key(manifest or {}, entry)
            if not (_images(home) / f"{key}.json").exists():
                yield from ((key, entry, container) for container in containers().get(entry["service"], [])[:1])


def _copy(home: Home, key: str, entry: Mapping[str, Any], container: Container) -> None:
    """Copy the files of one image; the record of them comes last, when all are there."""
    folder = _images(home) / key
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / str(entry["path"]).strip("/")
    target.mkdir(parents=True)
    try:
        docker.run(["cp", f"{container.id}:{entry['directory']}/.", str(target)], timeout=120)
    except DockerError as error:
        if _NOT_THERE not in str(error):
            raise
        if entry["required"]:
            raise RolloutFailed(
                f"service '{entry['service']}': key 'assets': its image has no directory {entry['directory']}"
            ) from None
    digests = {}
    for path in _files(folder):
        path.chmod(0o644)
        digests[f"/{path.relative_to(folder)}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    write_text(_images(home) / f"{key}.json", json.dumps(digests, sort_keys=True))


def _files(folder: Path) -> Iterator[Path]:
    """Find the files below a folder that may be served: a link could lead out of it."""
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _contents(home: Home) -> dict[str, tuple[str, str]]:
    """Return by path in addresses the content's digest, and the key of an image that has it, of what may be served."""
    found: dict[str, dict[str, str]] = {}
    for record in sorted(_images(home).glob("*.json")):
        for path, digest in json.loads(record.read_text(encoding="utf-8")).items():
            found.setdefault(path, {}).setdefault(digest, record.stem)
    return {path: next(iter(ones.items())) for path, ones in sorted(found.items()) if len(ones) == 1}


def _union(contents: Mapping[str, tuple[str, str]]) -> str:
    """Return the name of the union that has these contents."""
    if not contents:
        return _NONE
    return hashlib.sha256(json.dumps({path: digest for path, (digest, _) in contents.items()}).encode()).hexdigest()[
        :16
    ]


def _current(home: Home) -> str | None:
    current = home.edge / "assets" / "current"
    return Path(os.readlink(current)).name if current.is_symlink() else None


def _unite(home: Home) -> None:
    """Have the edge read a directory with all that may be served, exchanged in one step."""
    assets = home.edge / "assets"
    contents = _contents(home)
    name = _union(contents)
    union = assets / "unions" / name
    if not union.is_dir():
        incoming = union.with_name(f".{name}")
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True)
        for path, (_, key) in contents.items():
            place = incoming / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(_images(home) / key / path.lstrip("/"), place)
        incoming.rename(union)
    link(assets / "current", f"unions/{name}")
    for other in (assets / "unions").iterdir():
        if other.name != name:
            shutil.rmtree(other)
