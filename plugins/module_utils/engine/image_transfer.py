"""Images that no registry has: which of them are missing on this host, and loading an archive of them.

Place in the pipeline: target, before ship. The controller's half is ``plugin_utils/images/archive``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

#: An engine with this image store keeps layers as they arrived, compressed or not. So digests of their content do not
#: say which layers it has.
CONTAINERD = ["driver-type", "io.containerd.snapshotter.v1"]
#: Seconds that loading an archive may take. It has gigabytes, and a disk may be slow.
_LOAD_SECONDS = 1800.0


def image_identity(record: Mapping[str, Any]) -> str:
    """Return a text that identifies an image on every engine.

    The id of an image does not: the two image stores of the engine compute it from different things.

    :param record: the engine's record of the image.
    """
    text = "\n".join([str(record["Created"]), *record["RootFS"].get("Layers", [])])
    return hashlib.sha256(text.encode()).hexdigest()


def missing_images(identities: Mapping[str, str]) -> list[str]:
    """Return the references that name no image on this host, or another one.

    :param identities: the expected identity of each image by its reference.
    """
    return [reference for reference, expected in identities.items() if _local_identity(reference) != expected]


def image_layers() -> list[list[str]]:
    """Return the layers of each image on this host as digests of their content, the lowest first."""
    if CONTAINERD in (docker.get("/info").get("DriverStatus") or []):
        return []
    records = [docker.local_image(str(item["Id"])) for item in docker.get("/images/json")]
    return [record["RootFS"]["Layers"] for record in records if record and record["RootFS"].get("Layers")]


def load_archive(archive: str, identities: Mapping[str, str]) -> None:
    """Load the images of an *archive*. Each gets a second tag that ends with its identity and is never moved.

    :raises DockerError: if the engine refuses, or if a reference names another image afterwards.
    """
    docker.run(["load", "--quiet", "--input", archive], timeout=_LOAD_SECONDS)
    for reference in missing_images(identities):
        raise DockerError(f"the engine loaded the archive, but {reference} is not the image that was sent")
    for reference, identity in identities.items():
        docker.run(["tag", reference, f"{reference}-{identity[:12]}"])


def _local_identity(reference: str) -> str | None:
    record = docker.local_image(reference)
    return image_identity(record) if record else None
