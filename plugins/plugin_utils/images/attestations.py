"""Attestations of built images: how an image was built (provenance) and what it contains (SBOM).

Place in the pipeline: next to bake and buildx. Pure. An image with attestations is pushed as an index: the image for
each platform, and a manifest with the attestations of each image. Attestations contain the time of the build, so each
build gives another index. To find out whether an image has changed, compare the images in the index. Sources: "Build
attestations" in Docker's documentation; "Image attestation storage" in that of BuildKit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import Target
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import is_secret_variable

PROVENANCE, SBOM = "provenance", "sbom"
#: The default of BuildKit itself.
GENERATOR = "docker/buildkit-syft-scanner:stable-1"
#: The first version of BuildKit that makes attestations.
_FIRST = (0, 11)
# An engine that was built by a distribution may report v0.0.0+unknown.
_VERSION = re.compile(r"v?(?!0\.0\.0)(\d+)\.(\d+)")
_ATTESTATION_TYPE = "attestation-manifest"


@dataclass(frozen=True)
class Builder:
    """A builder: its name, its driver, and the versions of BuildKit that its nodes report."""

    name: str
    driver: str
    versions: tuple[str, ...]


@dataclass(frozen=True)
class ResolvedImage:
    """What a reference resolves to.

    ``images``: the digests of the images in it, without attestations; empty if only ``digest`` is known.
    ``index``: whether it is an index of several manifests.
    """

    digest: str
    images: frozenset[str] = frozenset()
    index: bool = False


def parse_builder(text: str) -> Builder:
    """Return the builder that ``docker buildx inspect`` printed. Nodes that have not started report no version."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _colon, value = line.partition(":")
        found.setdefault(key.strip().lower(), []).append(value.strip())
    # Up to 0.12 the key is "Buildkit".
    versions = [*found.get("buildkit version", []), *found.get("buildkit", [])]
    return Builder(
        found.get("name", [""])[0], found.get("driver", [""])[0], tuple(version for version in versions if version)
    )


def unsupported_reason(builder: Builder, containerd: bool) -> str:
    """Return why a builder cannot make attestations; empty if it can.

    :param containerd: whether the engine keeps images in containerd's store, if the engine is the builder.
    """
    if builder.driver == "docker" and not containerd:
        return (
            f"the builder {builder.name!r} is part of the engine, whose image store cannot hold them; "
            f"use containerd's image store, or create a builder (docker buildx create --use)"
        )
    for version in builder.versions:
        match = _VERSION.match(version)
        if match and (int(match[1]), int(match[2])) < _FIRST:
            return f"the builder {builder.name!r} has BuildKit {version}, which cannot make them; use 0.11 or later"
    return ""


def for_target(target: Target, kinds: Collection[str], generator: str) -> tuple[str, ...]:
    """Return the attestations of *kinds* for an image, in bake's notation.

    The full provenance contains the build arguments. If one of them is a secret, the minimal provenance is used.

    :param generator: the image that generates the SBOM; if empty, the default of BuildKit.
    """
    result = []
    if PROVENANCE in kinds:
        result.append(f"type=provenance,mode={'min' if _has_secret(target.args) else 'max'}")
    if SBOM in kinds:
        result.append(f"type=sbom,generator={generator}" if generator else "type=sbom")
    return tuple(result)


def generator_hint(error: str, generator: str) -> str:
    """Return what to do about the *error* of a build if it is about the image that generates the SBOM, else nothing."""
    image = generator or GENERATOR
    if image not in error:
        return ""
    return f"; {image} generates the SBOM: set images_sbom_generator to an image that can be pulled, or leave out sbom"


def _has_secret(args: Mapping[str, str]) -> bool:
    return any(is_secret_variable(name, value) for name, value in args.items())


def parse_manifest(manifest: Mapping[str, Any]) -> ResolvedImage:
    """Return what a reference resolves to, from the output of ``imagetools inspect`` with ``{{json .Manifest}}``."""
    digest = str(manifest["digest"])
    if "manifests" not in manifest:
        return ResolvedImage(digest, frozenset({digest}))
    images = [str(entry["digest"]) for entry in manifest["manifests"] or [] if not _is_attestation(entry)]
    return ResolvedImage(digest, frozenset(images), index=True)


def _is_attestation(entry: Mapping[str, Any]) -> bool:
    annotations = entry.get("annotations") or {}
    platform = entry.get("platform") or {}
    return annotations.get("vnd.docker.reference.type") == _ATTESTATION_TYPE or platform.get("os") == "unknown"


def unchanged(
    tags: Sequence[str], before: Mapping[str, ResolvedImage | None], now: ResolvedImage
) -> ResolvedImage | None:
    """Return what one of *tags* resolved to *before*, if it contains the same images as *now* under another digest.

    ``None`` if the images have changed, or the digest has not.
    """
    for tag in tags:
        previous = before[tag]
        if previous and previous.images and previous.images == now.images:
            return previous if previous.digest != now.digest else None
    return None
