"""Images that no registry has: what this host has of them already, and taking in what was sent.

Place in the pipeline: target, before ship; the controller's half is ``plugin_utils/images/archive``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

#: An engine with this store keeps layers as they came, compressed or not: what it has cannot be told by their content.
CONTAINERD = ["driver-type", "io.containerd.snapshotter.v1"]


def image_identity(record: Mapping[str, Any]) -> str:
    """Return what tells an image, as an engine describes it, from every other, on whatever engine it is.

    Its id does not: it is a digest of other things in each of the two stores that engines have.
    """
    text = "\n".join([str(record["Created"]), *record["RootFS"].get("Layers", [])])
    return hashlib.sha256(text.encode()).hexdigest()


def missing_images(wanted: Mapping[str, str]) -> list[str]:
    """Return the references that stand for another image here, or for none.

    :param wanted: the identity of each image by its reference.
    """
    return [reference for reference, other in wanted.items() if _identity_here(reference) != other]


def image_layers() -> list[list[str]]:
    """Return the layers of each image on this host, as digests of their content, the lowest first."""
    if CONTAINERD in (docker.get("/info").get("DriverStatus") or []):
        return []
    records = [docker.local_image(str(item["Id"])) for item in docker.get("/images/json")]
    return [record["RootFS"]["Layers"] for record in records if record and record["RootFS"].get("Layers")]


def load_archive(archive: str, wanted: Mapping[str, str]) -> None:
    """Take in the images of an *archive*, and give each a second tag with its identity behind, which stays its own.

    :raises DockerError: when the engine refuses, or has something else afterwards.
    """
    docker.run(["load", "--quiet", "--input", archive])
    for reference in missing_images(wanted):
        raise DockerError(f"the engine has taken the images in, but {reference} is not what was sent")
    for reference, other in wanted.items():
        docker.run(["tag", reference, f"{reference}-{other[:12]}"])


def _identity_here(reference: str) -> str | None:
    record = docker.local_image(reference)
    return image_identity(record) if record else None
