"""The images of a stack on this host: pull them before a deploy, and remove them when no release needs them.

Place in the pipeline: target, before ship and after finalize. Images are pulled and kept by digest. The images of a
release are kept as long as the release, so a rollback needs no registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import (
    docker,
    image_digests,
    image_pull,
    image_references,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed, duration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

# Official images have a name without a namespace. Registries that mirror them use the namespace `library`.
_OFFICIAL = re.compile(r"[^/]+|(?:.+/)?library/[^/]+")


class ImagesError(Exception):
    """Images cannot be pulled, or the needed images are unknown. The message has a sentence for each reason."""


@dataclass(frozen=True)
class Image:
    """An image of the engine: its references by tag and by digest, and the bytes that it shares with no other image."""

    id: str
    references: tuple[str, ...]
    own_size: int


@dataclass(frozen=True)
class UnusedImage:
    """The references of an image to remove; ``whole`` if these are all of its references."""

    references: tuple[str, ...]
    whole: bool
    own_size: int


def pull(services: Mapping[str, str], dry_run: bool) -> tuple[dict[str, str], list[str]]:
    """Pull the images that are missing on this host, by the digest that their registry has now.

    :param services: the image reference of each service, by name.
    :return: the pinned reference, ``REPOSITORY@DIGEST``, of each image reference; and the pinned references that were
        pulled, or would be in a dry run.
    :raises ImagesError: if an image is neither on this host nor in its registry.
    :raises DockerError: if a pull fails.
    """
    resolved, problems = image_digests.resolve_images({name: {"image": image} for name, image in services.items()})
    if problems:
        raise ImagesError("; ".join(problems))
    missing = [pinned for pinned in dict.fromkeys(resolved.values()) if docker.local_image(pinned) is None]
    for pinned in missing if not dry_run else []:
        image_pull.pull(pinned)
    return resolved, missing


def pull_missing(services: Mapping[str, Mapping[str, Any]], journal: Journal, stall_seconds: float) -> None:
    """Pull the images of a release that are missing on this host.

    :param services: the services of the manifest.
    :param stall_seconds: seconds without progress after which a pull fails.
    :raises RolloutFailed: for a missing image that no registry has.
    :raises DockerError: if a pull fails.
    """
    for pinned, name in {spec["pinned"]: spec["image"] for spec in services.values()}.items():
        if docker.local_image(pinned) is None:
            if image_references.is_local_only(name):
                raise RolloutFailed(f"the image {name} of this release is no longer on this host; send it again")
            if pinned.startswith("sha256:"):
                raise RolloutFailed(f"the image {name} of this release was built on this host and is no longer on it")
            start_text = f"pulling {name}, for at most {duration(stall_seconds)} without progress"
            with journal.part("pull", "pull", start_text=start_text, end_text=f"pulled {name}"):
                image_pull.pull(pinned, stall_seconds)


def prune(root: Path, stack: str, dry_run: bool) -> tuple[list[str], int]:
    """Remove the images of *stack*'s repositories that no release and no container on this host uses.

    :param root: the directory of all stacks on this host.
    :return: the references that were removed, or would be in a dry run; and the bytes that this freed, or would free at
        least.
    :raises ImagesError: for a release that cannot be read: its images are unknown.
    :raises DockerError: if the engine refuses.
    """
    releases = manifests(root)
    unused = unused_images(
        engine_images(docker.get("/images/json?shared-size=1")),
        own=[manifest for name, manifest in releases if name == stack],
        every=[manifest for _name, manifest in releases],
        used={str(container["ImageID"]) for container in docker.get("/containers/json?all=1")},
    )
    references = [reference for entry in unused for reference in entry.references]
    if dry_run or not unused:
        return references, sum(entry.own_size for entry in unused if entry.whole)
    before = _layers_size()
    for reference in references:
        # An image loses its digests with its last tag.
        if docker.local_image(reference) is not None:
            docker.run(["image", "rm", reference])
    return references, max(before - _layers_size(), 0)


def unused_images(
    images: Iterable[Image], own: Iterable[Mapping[str, Any]], every: Iterable[Mapping[str, Any]], used: set[str]
) -> list[UnusedImage]:
    """Return the images and references that can be removed, in the order of *images*.

    Only images of the stack's repositories can be removed: those that its releases pin. Official images belong to no
    stack.

    :param own: manifests of the stack's releases.
    :param every: manifests of all releases of all stacks on the host.
    :param used: ids of the images of all containers, running or not.
    """
    repositories = {name for name in _repositories(own) if not _OFFICIAL.fullmatch(name)}
    kept = {_digest(reference) for reference in pinned_references(every)}
    result = []
    for image in images:
        if image.id in used or kept & {image.id, *map(_digest, image.references)}:
            continue
        removable = tuple(
            reference for reference in image.references if image_references.repository(reference) in repositories
        )
        if removable:
            result.append(UnusedImage(removable, removable == image.references, image.own_size))
    return result


def pinned_references(releases: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the pinned references of *releases*: ``REPOSITORY@DIGEST``, or the id of an image without a registry."""
    return {str(spec["pinned"]) for manifest in releases for spec in manifest["services"].values()}


def _repositories(releases: Iterable[Mapping[str, Any]]) -> set[str]:
    services = [spec for manifest in releases for spec in manifest["services"].values()]
    # An image that is pinned by its id is found by its reference.
    return {
        image_references.repository(str(spec["image"] if spec["pinned"].startswith("sha256:") else spec["pinned"]))
        for spec in services
    }


def _digest(reference: str) -> str:
    """Return the digest of a reference that has one: it identifies the image, in any repository."""
    return reference.rpartition("@")[2]


def engine_images(listed: Iterable[Mapping[str, Any]]) -> list[Image]:
    """Return the images in the engine's answer to ``/images/json``."""
    result = []
    for item in listed:
        references = [*(item.get("RepoTags") or []), *(item.get("RepoDigests") or [])]
        named = tuple(reference for reference in references if "<none>" not in reference)
        result.append(Image(str(item["Id"]), named, item["Size"] - max(item.get("SharedSize") or 0, 0)))
    return result


def manifests(root: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the manifest of each release of all stacks below *root*, with the name of the stack.

    :raises ImagesError: for a manifest that cannot be read.
    """
    result = []
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        home = Home(str(folder))
        for release_id in home.release_ids():
            found = home.read_manifest(release_id)
            if found.value is None:
                raise ImagesError(f"{found.problem}. Until then, the images that this release needs are unknown")
            result.append((folder.name, found.value))
    return result


def _layers_size() -> int:
    """Return the size of all layers of all images in bytes. A shared layer counts once."""
    return int(docker.get("/system/df?type=image")["LayersSize"])
