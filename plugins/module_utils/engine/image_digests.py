"""What image references stand for: digests of a registry, or ids of images that only this host has.

Place in the pipeline: target, ship, and when images are pulled ahead of a deploy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

#: What a registry says that answers, and has no such image for us. Any other failure is one of the registry itself.
_HAS_NONE = re.compile(r"no such image|(manifest|name) unknown|does not exist|denied", re.IGNORECASE)
#: What one says to whom it does not know, of an image that others may have.
_WANTS_LOGIN = re.compile(r"no basic auth|unauthorized|authentication required|denied|forbidden", re.IGNORECASE)


def resolve_images(
    services: Mapping[str, Mapping[str, Any]], live: Mapping[str, Any] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Return each image reference with what it stands for, ``REPOSITORY@DIGEST``, and what is wrong in sentences.

    An image that only this host has, built or sent here, stands for its id. A registry that is down is
    no obstacle to an image that the host has already, as what the *live* release (its manifest) runs under that name,
    or else under the name itself, whose image may be older.
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
    """Return the pinned reference and "", or "" and the sentence of what is wrong.

    :param known: what the image stood for before.
    """
    if "@sha256:" in image:
        digest = image.split("@", 1)[1]
        return f"{docker.repository(image)}@{digest}", ""
    if docker.is_local_only(image):
        sent = docker.local_image(image)
        # By its id: what the tag stands for may be another image tomorrow.
        return (str(sent["Id"]), "") if sent else ("", f"{image} is not on this host; playbooks/images.yml sends it")
    try:
        return f"{docker.repository(image)}@{registries.remote_digest(image)}", ""
    except DockerError as error:
        reason = str(error)
    still_here = bool(known) and docker.local_image(str(known)) is not None
    if known and still_here and "@" in known and not _HAS_NONE.search(reason):
        return known, ""
    local = docker.local_image(image)
    if local is not None:
        own = [
            digest for digest in local.get("RepoDigests") or [] if docker.repository(digest) == docker.repository(image)
        ]
        return (own[0] if own else str(local["Id"])), ""
    if known and still_here:
        return known, ""
    registry = docker.registry_host(image)
    if re.search(r"dial|connect|timeout|timed out|lookup|refused|no route|EOF|deadline", reason, re.IGNORECASE):
        return "", f"{image} is not on this host, and {registry} cannot be reached ({reason})"
    if _WANTS_LOGIN.search(reason):
        return "", (
            f"{image} is not on this host, and {registry} does not give it to whom it does not know ({reason}); log in "
            f"there as root on this host (docker login), or correct the reference"
        )
    return (
        "",
        f"{image} is neither on this host nor in {registry} ({reason}); build and push it, or correct the reference",
    )
