"""Resolve image references to digests of a registry, or to ids of images that only this host has.

Place in the pipeline: target, ship, and when images are pulled before a deploy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_references, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

#: The answers of a registry that works and does not have the image for us. Other errors are failures of the registry.
_NOT_FOUND = re.compile(r"no such image|(manifest|name) unknown|does not exist|denied", re.IGNORECASE)
#: The answers of a registry that requires a login for an image.
_LOGIN_REQUIRED = re.compile(r"no basic auth|unauthorized|authentication required|denied|forbidden", re.IGNORECASE)


def resolve_images(
    services: Mapping[str, Mapping[str, Any]], live: Mapping[str, Any] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Return the pinned reference, ``REPOSITORY@DIGEST``, of each image reference, and the problems as sentences.

    An image that only this host has, because it was built or sent here, is pinned by its id. If the registry is down,
    an image on this host is used: the one that the *live* release runs under the same reference, or else the one that
    the reference names here, which can be older.

    :param live: the manifest of the live release.
    """
    known = {spec["image"]: spec["pinned"] for spec in live["services"].values()} if live else {}
    users: dict[str, str] = {}
    for name, spec in services.items():
        users.setdefault(spec["image"], name)
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(_resolve, users, [known.get(image) for image in users]))
    resolved: dict[str, str] = {}
    problems: list[str] = []
    for (image, service), (pinned, problem) in zip(users.items(), answers):
        if problem:
            problems.append(f"service '{service}': key 'image': {problem}")
        else:
            resolved[image] = pinned
    return resolved, problems


def _resolve(image: str, known: str | None) -> tuple[str, str]:
    """Return the pinned reference and "", or "" and the problem in one sentence.

    :param known: the pinned reference of the image in the live release.
    """
    if "@sha256:" in image:
        digest = image.split("@", 1)[1]
        return f"{image_references.repository(image)}@{digest}", ""
    if image_references.is_local_only(image):
        record = docker.local_image(image)
        if record is None:
            return "", f"{image} is not on this host; send it with playbooks/images.yml"
        # By id, because the tag can be moved to another image later.
        return str(record["Id"]), ""
    try:
        return f"{image_references.repository(image)}@{registries.remote_digest(image)}", ""
    except DockerError as error:
        reason = str(error)
    known_is_local = bool(known) and docker.local_image(str(known)) is not None
    if known and known_is_local and "@" in known and not _NOT_FOUND.search(reason):
        return known, ""
    local = docker.local_image(image)
    if local is not None:
        own = [
            digest
            for digest in local.get("RepoDigests") or []
            if image_references.repository(digest) == image_references.repository(image)
        ]
        return (own[0] if own else str(local["Id"])), ""
    if known and known_is_local:
        return known, ""
    registry = image_references.registry_host(image)
    if re.search(r"dial|connect|timeout|timed out|lookup|refused|no route|EOF|deadline", reason, re.IGNORECASE):
        return "", f"{image} is not on this host, and {registry} cannot be reached ({reason})"
    if _LOGIN_REQUIRED.search(reason):
        return "", (
            f"{image} is not on this host, and {registry} requires a login ({reason}); log in to it as root on this "
            f"host (docker login), or correct the reference"
        )
    return (
        "",
        f"{image} is neither on this host nor in {registry} ({reason}); build and push it, or correct the reference",
    )
