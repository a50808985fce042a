"""Attestations of built images: how each was built (provenance) and what is in it (SBOM), where the builder can say so.

Place in the pipeline: beside bake and buildx. Pure. An image with attestations is pushed as an index, of the image for
each platform and a manifest with the attestations for each. They hold the time of the build, so that each build gives
another index; whether an image is another is told by the images in it. Sources: "Build attestations" of Docker's
documentation; "Image attestation storage" of BuildKit's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import Target
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rules.secrets import (
    SECRET_NAME,
    URL_WITH_PASSWORD,
    is_secret,
)

PROVENANCE, SBOM = "provenance", "sbom"
#: What BuildKit itself takes, too.
GENERATOR = "docker/buildkit-syft-scanner:stable-1"
#: BuildKit from this version on makes them.
_FIRST = (0, 11)
# An engine that a distribution has built may say v0.0.0+unknown.
_VERSION = re.compile(r"v?(?!0\.0\.0)(\d+)\.(\d+)")
_OF_AN_IMAGE = "attestation-manifest"


@dataclass(frozen=True)
class Builder:
    """The builder that builds: its name, its driver, and the versions of BuildKit that its nodes say they have."""

    name: str
    driver: str
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Pushed:
    """What a reference stands for in a registry.

    ``images``: the digests of the images in it, without attestations; none where only ``digest`` could be asked for.
    ``index``: whether it is one of several manifests.
    """

    digest: str
    images: frozenset[str] = frozenset()
    index: bool = False


def builder(text: str) -> Builder:
    """Return what ``docker buildx inspect`` printed. Nodes that have not started yet say no version."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _colon, value = line.partition(":")
        found.setdefault(key.strip().lower(), []).append(value.strip())
    # Until 0.12 it is called "Buildkit".
    versions = [*found.get("buildkit version", []), *found.get("buildkit", [])]
    return Builder(found.get("name", [""])[0], found.get("driver", [""])[0], tuple(one for one in versions if one))


def hindrance(one: Builder, containerd: bool) -> str:
    """Return why a builder cannot make attestations, empty where it can.

    :param containerd: whether the engine, where it is the builder, keeps images in containerd's store.
    """
    if one.driver == "docker" and not containerd:
        return (
            f"the builder {one.name!r} is the engine's own, and its image store cannot hold them; "
            f"containerd's store can, or a builder of its own (docker buildx create --use)"
        )
    for version in one.versions:
        match = _VERSION.match(version)
        if match and (int(match[1]), int(match[2])) < _FIRST:
            return f"the builder {one.name!r} has BuildKit {version}; 0.11 and later make them"
    return ""


def of(target: Target, kinds: Collection[str], generator: str) -> tuple[str, ...]:
    """Return the attestations of *kinds* for an image, as bake has them.

    The whole provenance has the build's arguments in it; where one of them is a secret, it is the short one.

    :param generator: the image that lists what is in an image; BuildKit's own where empty.
    """
    result = []
    if PROVENANCE in kinds:
        result.append(f"type=provenance,mode={'min' if _has_secret(target.args) else 'max'}")
    if SBOM in kinds:
        result.append(f"type=sbom,generator={generator}" if generator else "type=sbom")
    return tuple(result)


def advice(error: str, generator: str) -> str:
    """Return what to do about a build's *error* where it is about the image that lists what is in an image."""
    image = generator or GENERATOR
    if image not in error:
        return ""
    return f"; {image} lists what is in images: name one that can be pulled as images_sbom_generator, or leave sbom out"


def _has_secret(args: Mapping[str, str]) -> bool:
    return any(
        (SECRET_NAME.search(name) and is_secret(value)) or URL_WITH_PASSWORD.search(value)
        for name, value in args.items()
    )


def pushed(manifest: Mapping[str, Any]) -> Pushed:
    """Return what ``imagetools inspect`` says of a reference, with ``{{json .Manifest}}``."""
    digest = str(manifest["digest"])
    if "manifests" not in manifest:
        return Pushed(digest, frozenset({digest}))
    images = [str(entry["digest"]) for entry in manifest["manifests"] or [] if not _is_attestation(entry)]
    return Pushed(digest, frozenset(images), index=True)


def _is_attestation(entry: Mapping[str, Any]) -> bool:
    annotations = entry.get("annotations") or {}
    platform = entry.get("platform") or {}
    return annotations.get("vnd.docker.reference.type") == _OF_AN_IMAGE or platform.get("os") == "unknown"


def same(tags: Sequence[str], before: Mapping[str, Pushed | None], now: Pushed) -> Pushed | None:
    """Return what one of *tags* stood for *before* and that has the images of what they stand for *now*.

    ``None`` where the images are others, or nothing but the same is there.
    """
    for tag in tags:
        one = before[tag]
        if one and one.images and one.images == now.images:
            return one if one.digest != now.digest else None
    return None
