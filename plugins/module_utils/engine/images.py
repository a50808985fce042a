"""The stack's images on this host: fetched ahead of a deploy, and removed once no release needs them.

Place in the pipeline: target, before ship and after finalize. Images arrive by digest and stay by digest: what a
release pinned is kept for as long as the release is, so that going back to it needs no registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_digests
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home

# Official images have a name and no namespace; registries that mirror them put them below `library`.
_OFFICIAL = re.compile(r"[^/]+|(?:.+/)?library/[^/]+")


class ImagesError(Exception):
    """Images cannot be fetched, or it cannot be told which are needed. The message has a sentence for each reason."""


@dataclass(frozen=True)
class Image:
    """An image of the engine: its references by tag and by digest, and the bytes that no other image shares with it."""

    id: str
    references: tuple[str, ...]
    own_size: int


@dataclass(frozen=True)
class UnusedImage:
    """What to remove of an image: some of its references, or ``whole`` when that is all of them."""

    references: tuple[str, ...]
    whole: bool
    own_size: int


def pull(services: Mapping[str, str], dry: bool) -> tuple[dict[str, str], list[str]]:
    """Fetch the images of *services* (reference by name) that are not here yet, by the digest their registry gives now.

    Return what each reference stands for, ``REPOSITORY@DIGEST``, and which of these were, or would be, fetched.

    :raises ImagesError: when a reference is neither here nor in its registry.
    :raises DockerError: when fetching fails.
    """
    resolved, problems = image_digests.resolve_images({name: {"image": image} for name, image in services.items()})
    if problems:
        raise ImagesError("; ".join(problems))
    missing = [pinned for pinned in dict.fromkeys(resolved.values()) if docker.local_image(pinned) is None]
    for pinned in missing if not dry else []:
        docker.run(["pull", "--quiet", pinned])
    return resolved, missing


def pull_missing(services: Mapping[str, Mapping[str, Any]], journal: Journal) -> None:
    """Fetch what a release has pinned and is no longer here.

    :param services: the entries of its manifest.
    :raises RolloutFailed: for an image that no registry has.
    :raises DockerError: when fetching fails.
    """
    for pinned, name in {spec["pinned"]: spec["image"] for spec in services.values()}.items():
        if docker.local_image(pinned) is None:
            if docker.is_local_only(name):
                raise RolloutFailed(f"{name}, as this release has it, is no longer on this host; send it again")
            if pinned.startswith("sha256:"):
                raise RolloutFailed(f"{name}, as it was built on this host for this release, is no longer here")
            with journal.part("pull", "pull", start_text=f"pulling {name}", end_text=f"pulled {name}"):
                docker.run(["pull", "--quiet", pinned])


def prune(root: Path, stack: str, dry: bool) -> tuple[list[str], int]:
    """Remove the images of *stack*'s repositories that no release on this host refers to and no container was made of.

    Return the references that were, or would be, removed, and the bytes that this freed; in a dry run, those that it
    would free at least.

    :raises ImagesError: for a release that cannot be read; its images could not be told from superfluous ones.
    :raises DockerError: when the engine refuses.
    """
    releases = manifests(root)
    found = unused_images(
        engine_images(docker.get("/images/json?shared-size=1")),
        own=[manifest for path, manifest in releases if path == stack],
        every=[manifest for _, manifest in releases],
        used={str(container["ImageID"]) for container in docker.get("/containers/json?all=1")},
    )
    references = [reference for entry in found for reference in entry.references]
    if dry or not found:
        return references, sum(entry.own_size for entry in found if entry.whole)
    before = _layers_size()
    for reference in references:
        # With its last tag an image loses its digests.
        if docker.local_image(reference) is not None:
            docker.run(["image", "rm", reference])
    return references, max(before - _layers_size(), 0)


def unused_images(
    images: Iterable[Image], own: Iterable[Mapping[str, Any]], every: Iterable[Mapping[str, Any]], used: set[str]
) -> list[UnusedImage]:
    """Return what of *images* can go, in their order.

    The stack's repositories are those that its releases pin, without the official images, which are everybody's.

    :param own: manifests of the stack's releases.
    :param every: manifests of all releases of all stacks on the host.
    :param used: ids of the images that containers, running or not, were made of.
    """
    repositories = {one for one in _repositories(own) if not _OFFICIAL.fullmatch(one)}
    kept = {_address(reference) for reference in pinned_references(every)}
    result = []
    for image in images:
        if image.id in used or kept & {image.id, *map(_address, image.references)}:
            continue
        mine = tuple(reference for reference in image.references if docker.repository(reference) in repositories)
        if mine:
            result.append(UnusedImage(mine, mine == image.references, image.own_size))
    return result


def pinned_references(releases: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return what *releases* (manifests) run: ``REPOSITORY@DIGEST``, an image's id, or a tag that only the host has."""
    return {str(spec["pinned"]) for manifest in releases for spec in manifest["services"].values()}


def _repositories(releases: Iterable[Mapping[str, Any]]) -> set[str]:
    services = [spec for manifest in releases for spec in manifest["services"].values()]
    # An id has no repository.
    return {
        docker.repository(str(spec["image"] if spec["pinned"].startswith("sha256:") else spec["pinned"]))
        for spec in services
    }


def _address(reference: str) -> str:
    """Return the digest of a reference that has one: it is the image's own, whatever the repository is called."""
    return reference.rpartition("@")[2]


def engine_images(listed: Iterable[Mapping[str, Any]]) -> list[Image]:
    """Return the engine's answer to ``/images/json`` as images."""
    result = []
    for item in listed:
        references = [*(item.get("RepoTags") or []), *(item.get("RepoDigests") or [])]
        named = tuple(reference for reference in references if "<none>" not in reference)
        result.append(Image(str(item["Id"]), named, item["Size"] - max(item.get("SharedSize") or 0, 0)))
    return result


def manifests(root: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the manifest of each release below *root*, with the name of its stack.

    :raises ImagesError: naming the file that cannot be read.
    """
    result = []
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        home = Home(str(folder))
        for release_id in home.release_ids():
            manifest = home.manifest(release_id)
            if manifest is None:
                raise ImagesError(
                    f"{home.release(release_id) / MANIFEST} cannot be read, so nothing tells which images that release "
                    f"needs; remove the release, or mend the file"
                )
            result.append((folder.name, manifest))
    return result


def _layers_size() -> int:
    """Return the bytes that all layers of all images take, shared ones counted once."""
    return int(docker.get("/system/df?type=image")["LayersSize"])
