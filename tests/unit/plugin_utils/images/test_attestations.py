"""Which images get attestations, and what of an index is the image."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.images import attestations, bake
from ansible_collections.slipway.stack.plugins.plugin_utils.images.attestations import Builder, Pushed
from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import Source, Target

from tests.support.described import example, model

# As buildx 0.13 and 0.11 print it; the last is the own builder of an engine that Debian has built.
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
    return bake.targets(model(services), {"backend": Source("/src/backend", "0123456789ab")}, {})[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CONTAINER, Builder("ci", "docker-container", ("v0.16.0",))),
        (OLD, Builder("kube", "kubernetes", ("v0.10.6",))),
        (ENGINE, Builder("default", "docker", ("v0.0.0+unknown",))),
    ],
)
def test_what_buildx_says_of_its_builder(text: str, found: Builder) -> None:
    assert attestations.builder(text) == found


@pytest.mark.parametrize(
    ("builder", "containerd", "reason"),
    [
        (Builder("ci", "docker-container", ("v0.16.0",)), False, ""),
        (Builder("far", "remote", ("v0.11.0",)), False, ""),
        (Builder("not yet", "docker-container", ()), False, ""),
        (Builder("own", "docker-container", ("91a2bd1.m",)), False, ""),
        (Builder("default", "docker", ("v0.22.0",)), True, ""),
        (Builder("default", "docker", ("v0.0.0+unknown",)), True, ""),
        (Builder("default", "docker", ("v0.22.0",)), False, "the builder 'default' is the engine's own, and its image"),
        (Builder("kube", "kubernetes", ("v0.16.0", "v0.10.6")), False, "the builder 'kube' has BuildKit v0.10.6; 0.11"),
    ],
)
def test_which_builders_can(builder: Builder, containerd: bool, reason: str) -> None:
    found = attestations.hindrance(builder, containerd)
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
def test_a_build_argument_that_is_a_secret_is_in_no_provenance(args: dict[str, Any], mode: str) -> None:
    assert attestations.of(_target(**args), ["provenance"], "") == (f"type=provenance,mode={mode}",)


def test_attestations_in_the_words_of_bake() -> None:
    found = attestations.of(_target(), ["sbom", "provenance"], "registry.example.com/scanner:1")
    assert found == ("type=provenance,mode=max", "type=sbom,generator=registry.example.com/scanner:1")
    assert attestations.of(_target(), ["sbom"], "") == ("type=sbom",)
    entry = bake.document([_target()], {"backend": found})["target"]["backend"]
    assert entry["attest"] == list(found)
    assert "attest" not in bake.document([_target()], {})["target"]["backend"]


# As `imagetools inspect --format '{{json .Manifest}}'` of buildx 0.13 answers.
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


def test_attestations_are_no_image() -> None:
    assert attestations.pushed(_index("sha256:att", "sha256:a", "sha256:b")) == Pushed(
        "sha256:index", frozenset({"sha256:a", "sha256:b"}), index=True
    )
    # Registries that keep no annotations.
    bare = _index("sha256:att", "sha256:a")
    del bare["manifests"][1]["annotations"]
    assert attestations.pushed(bare).images == {"sha256:a"}


def test_a_single_manifest_is_its_own_image() -> None:
    manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:a", "size": 260}
    assert attestations.pushed(manifest) == Pushed("sha256:a", frozenset({"sha256:a"}))


def test_other_attestations_of_the_same_image_are_nothing_new() -> None:
    first = attestations.pushed(_index("sha256:one", "sha256:a", digest="sha256:first"))
    again = attestations.pushed(_index("sha256:two", "sha256:a", digest="sha256:again"))
    other = attestations.pushed(_index("sha256:three", "sha256:b", digest="sha256:other"))
    tags = ("r/a:1", "r/a:1-0123")
    assert attestations.same(tags, {"r/a:1": first, "r/a:1-0123": None}, again) == first
    assert attestations.same(tags, {"r/a:1": other, "r/a:1-0123": first}, again) == first
    assert attestations.same(tags, {"r/a:1": None, "r/a:1-0123": None}, again) is None
    assert attestations.same(tags, {"r/a:1": other, "r/a:1-0123": None}, again) is None
    assert attestations.same(tags, {"r/a:1": again, "r/a:1-0123": again}, again) is None
    # An image from before there were attestations stays as it is too.
    bare = Pushed("sha256:a", frozenset({"sha256:a"}))
    assert attestations.same(tags, {"r/a:1": bare, "r/a:1-0123": None}, again) == bare
    assert attestations.same(tags, {"r/a:1": Pushed("sha256:first"), "r/a:1-0123": None}, again) is None


def test_a_generator_that_cannot_be_had_is_named() -> None:
    error = f"failed to solve: {attestations.GENERATOR}: failed to resolve source metadata: i/o timeout"
    assert "name one that can be pulled as images_sbom_generator" in attestations.advice(error, attestations.GENERATOR)
    assert "images_sbom_generator" in attestations.advice(error, "")
    assert attestations.advice("failed to solve: python:3.13: not found", attestations.GENERATOR) == ""
