"""Which images get attestations, and which part of an index is the image."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.images import attestations, bake
from ansible_collections.slipway.stack.plugins.plugin_utils.images.attestations import Builder, ResolvedImage
from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import BuildContext, Target

from tests.support.descriptions import example, model

# The output of buildx 0.13 and 0.11; the last one is the builder of an engine that Debian has built.
CONTAINER = """\
Name:          ci
Driver:        docker-container
Last Activity: 2026-11-20 12:42:47 +0000 UTC

Nodes:
Name:             ci0
Endpoint:         unix:///var/run/docker.sock
Status:           running
BuildKit version: v0.16.0
Platforms:        linux/amd64, linux/amd64/v2

Name:             ci1
Endpoint:         ssh://builder@192.0.2.7
Status:           inactive
Platforms:        linux/arm64
"""
OLD = "Name:   kube\nDriver: kubernetes\n\nNodes:\nName:      kube0\nStatus:    running\nBuildkit:  v0.10.6\n"
ENGINE = """\
Name:          default
Driver:        docker
Last Activity: 2026-11-20 14:47:22 +0000 UTC

Nodes:
Name:             default
Endpoint:         default
Status:           running
BuildKit version: v0.0.0+unknown
Platforms:        linux/amd64, linux/amd64/v2, linux/amd64/v3, linux/386
Labels:
 org.mobyproject.buildkit.worker.moby.host-gateway-ip: 172.17.0.1
"""


def _target(**args: Any) -> Target:
    services = example(backend={"build": {"context": "backend", "args": args}})
    return bake.targets(model(services), {"backend": BuildContext("/src/backend", "0123456789ab")}, {})[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CONTAINER, Builder("ci", "docker-container", ("v0.16.0",))),
        (OLD, Builder("kube", "kubernetes", ("v0.10.6",))),
        (ENGINE, Builder("default", "docker", ("v0.0.0+unknown",))),
    ],
)
def test_the_builder_is_read_from_the_output_of_buildx(text: str, found: Builder) -> None:
    assert attestations.parse_builder(text) == found


@pytest.mark.parametrize(
    ("builder", "containerd", "reason"),
    [
        (Builder("ci", "docker-container", ("v0.16.0",)), False, ""),
        (Builder("far", "remote", ("v0.11.0",)), False, ""),
        (Builder("not yet", "docker-container", ()), False, ""),
        (Builder("own", "docker-container", ("91a2bd1.m",)), False, ""),
        (Builder("default", "docker", ("v0.22.0",)), True, ""),
        (Builder("default", "docker", ("v0.0.0+unknown",)), True, ""),
        (Builder("default", "docker", ("v0.22.0",)), False, "the builder 'default' is part of the engine, whose image"),
        (
            Builder("kube", "kubernetes", ("v0.16.0", "v0.10.6")),
            False,
            "the builder 'kube' has BuildKit v0.10.6, which",
        ),
    ],
)
def test_which_builders_can_make_attestations(builder: Builder, containerd: bool, reason: str) -> None:
    found = attestations.unsupported_reason(builder, containerd)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


@pytest.mark.parametrize(
    ("args", "mode"),
    [
        ({}, "max"),
        ({"WORKERS": 4, "TOKENIZER": "fast"}, "max"),
        ({"NPM_TOKEN": ""}, "max"),
        ({"NPM_TOKEN": "abc"}, "min"),
        ({"INDEX": "https://ci:abc@packages.example.com/simple"}, "min"),
    ],
)
def test_a_build_argument_that_is_a_secret_is_not_in_the_provenance(args: dict[str, Any], mode: str) -> None:
    assert attestations.for_target(_target(**args), ["provenance"], "") == (f"type=provenance,mode={mode}",)


def test_attestations_are_written_in_the_notation_of_bake() -> None:
    found = attestations.for_target(_target(), ["sbom", "provenance"], "registry.example.com/scanner:1")
    assert found == ("type=provenance,mode=max", "type=sbom,generator=registry.example.com/scanner:1")
    assert attestations.for_target(_target(), ["sbom"], "") == ("type=sbom",)
    entry = bake.document([_target()], {"backend": found})["target"]["backend"]
    assert entry["attest"] == list(found)
    assert "attest" not in bake.document([_target()], {})["target"]["backend"]


# The output of `imagetools inspect --format '{{json .Manifest}}'` of buildx 0.13.
def _index(attested: str, *images: str, digest: str = "sha256:index") -> dict[str, Any]:
    entries = [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": image,
            "size": 1234,
            "platform": {"architecture": "amd64", "os": "linux"},
        }
        for image in images
    ]
    attestation = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": attested,
        "size": 566,
        "annotations": {
            "vnd.docker.reference.digest": images[0],
            "vnd.docker.reference.type": "attestation-manifest",
        },
        "platform": {"architecture": "unknown", "os": "unknown"},
    }
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": digest,
        "size": 856,
        "manifests": [*entries, *([attestation] if attested else [])],
    }


def test_attestations_are_not_images() -> None:
    assert attestations.parse_manifest(_index("sha256:att", "sha256:a", "sha256:b")) == ResolvedImage(
        "sha256:index", frozenset({"sha256:a", "sha256:b"}), index=True
    )
    # Some registries keep no annotations.
    bare = _index("sha256:att", "sha256:a")
    del bare["manifests"][1]["annotations"]
    assert attestations.parse_manifest(bare).images == {"sha256:a"}


def test_a_single_manifest_is_its_own_image() -> None:
    manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:a", "size": 260}
    assert attestations.parse_manifest(manifest) == ResolvedImage("sha256:a", frozenset({"sha256:a"}))


def test_an_image_with_new_attestations_is_unchanged() -> None:
    first = attestations.parse_manifest(_index("sha256:one", "sha256:a", digest="sha256:first"))
    again = attestations.parse_manifest(_index("sha256:two", "sha256:a", digest="sha256:again"))
    other = attestations.parse_manifest(_index("sha256:three", "sha256:b", digest="sha256:other"))
    tags = ("r/a:1", "r/a:1-0123")
    assert attestations.unchanged(tags, {"r/a:1": first, "r/a:1-0123": None}, again) == first
    assert attestations.unchanged(tags, {"r/a:1": other, "r/a:1-0123": first}, again) == first
    assert attestations.unchanged(tags, {"r/a:1": None, "r/a:1-0123": None}, again) is None
    assert attestations.unchanged(tags, {"r/a:1": other, "r/a:1-0123": None}, again) is None
    assert attestations.unchanged(tags, {"r/a:1": again, "r/a:1-0123": again}, again) is None
    # An image that was pushed without attestations is restored too.
    bare = ResolvedImage("sha256:a", frozenset({"sha256:a"}))
    assert attestations.unchanged(tags, {"r/a:1": bare, "r/a:1-0123": None}, again) == bare
    assert attestations.unchanged(tags, {"r/a:1": ResolvedImage("sha256:first"), "r/a:1-0123": None}, again) is None


def test_a_generator_that_cannot_be_pulled_is_named() -> None:
    error = f"failed to solve: {attestations.GENERATOR}: failed to resolve source metadata: i/o timeout"
    assert "set images_sbom_generator to an image that can be pulled" in attestations.generator_hint(
        error, attestations.GENERATOR
    )
    assert "images_sbom_generator" in attestations.generator_hint(error, "")
    assert attestations.generator_hint("failed to solve: python:3.13: not found", attestations.GENERATOR) == ""
