"""Images: which version runs, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...compose_reader.image_reference import Image
from ...compose_reader.source_positions import mark_of
from ..rule_registry import Problem, service_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, image"


def _text_in_file(service: Service) -> str:
    """Return the image as the file has it, for a message, if a variable is part of it."""
    mark = mark_of(service.keys, "image")
    return f" (in the file: {mark.source!r})" if mark and mark.source else ""


def _pulled_by_tag(service: Service) -> Image | None:
    """Return the image of a service if its tag is known and selects what runs.

    That is not so for an image with a digest, and for one without a tag that is built here.
    """
    if service.image is None or service.image.digest or service.image.unknown:
        return None
    return None if "build" in service.keys and not service.image.tag else service.image


@service_rule(
    "iwee",
    "compose-lint:CL-0004 compose-auditor:IMG001 dclint:service-image-require-explicit-tag hadolint:DL3006 "
    "hadolint:DL3007",
    id="SLP040",
    title="An image has a tag other than latest",
    reason="Two servers, or one after a restart, can run different versions, and there is no version to roll back to.",
    fix="Name the version: `postgres:17.2`. If a variable has the tag, do not give it the default `latest`; write "
    "`${TAG:?}`.",
    reference=_REFERENCE,
)
def untagged(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find references that mean `latest`, with or without a variable."""
    image = _pulled_by_tag(service)
    if image and image.tag in ("", "latest"):
        problem = "whose tag is latest" if image.tag else "which has no tag and so means latest"
        yield f"runs {image.text!r}{_text_in_file(service)}, {problem}", ("image",)


@service_rule(
    "iiww",
    "compose-lint:CL-0004",
    id="SLP041",
    title="A tag names a version, not a channel",
    reason="`stable`, `alpine` or `main` can be another image next week, even another major version.",
    fix="Name the version: `nginx:1.30-alpine` instead of `nginx:alpine`.",
    reference=_REFERENCE,
)
def floating(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find tags without a digit."""
    image = _pulled_by_tag(service)
    if image and image.tag not in ("", "latest") and not re.search(r"[0-9]", image.tag):
        yield f"runs {image.text!r}{_text_in_file(service)}, whose tag names no version", ("image",)


@service_rule(
    "--ii",
    "compose-lint:CL-0019",
    id="SLP042",
    title="An image is pinned by digest",
    reason="A tag can be overwritten, by mistake or by an attacker. A digest always names the same content.",
    fix="Append the digest: `postgres:17.2@sha256:…`. Or deploy with a tool that does it, such as this collection.",
    reference=_REFERENCE,
)
def no_digest(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find references without a digest, unless the deploy pins them."""
    if stack.pinned or service.image is None or "build" in service.keys:
        return
    if not service.image.digest and "${" not in service.image.text:
        yield f"runs {service.image.text!r}, which is not pinned by digest", ("image",)


@service_rule(
    "eeee",
    "hadolint:DL3026",
    id="SLP043",
    title="Images come from allowed registries",
    reason="A pulled image runs with all rights of the stack. The company decides which registries it trusts.",
    fix="Push the image to an allowed registry, or add its registry to `registries`.",
    reference="`registries` in the settings; `hub` is Docker Hub; without the setting, all registries are allowed",
)
def registry_not_allowed(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find images from registries that the settings do not allow."""
    if service.image and stack.registries and "${" not in service.image.registry:
        registry = service.image.registry or "hub"
        if registry not in stack.registries and ("build" not in service.keys or service.image.registry):
            yield f"comes from {registry!r}; allowed registries: {', '.join(stack.registries)}", ("image",)


@service_rule(
    "--ww",
    id="SLP044",
    title="A server pulls images and does not build them",
    reason="An image that is built on the server exists only there. It was not tested, and there is no image to roll "
    "back to.",
    fix="Build and push in CI, name the result in `image`, and keep `build` in a development file.",
    reference="Compose specification, services, build",
)
def built_here(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that have a build and no image to pull."""
    if "build" in service.keys and service.image is None:
        yield "is built on the server, because it names no image", ("build",)


@service_rule(
    "--ee",
    id="SLP045",
    title="No development stage is deployed",
    reason="A stage such as `dev` has compilers, test data and a server that is not made for public use.",
    fix="Build the production stage: `build: {target: production}`.",
    reference="Compose specification, build, target",
)
def development_stage(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find build targets and tags that are named for development."""
    target = service.mapping("build").get("target")
    if isinstance(target, str) and re.fullmatch(
        r"(?:.*[-_])?(?:dev|devel|development|debug|test|local)(?:[-_].*)?", target
    ):
        yield f"is built from the stage {target!r}", ("build", "target")
    # With a version in front, `local` is a variant of a release.
    elif service.image and re.fullmatch(
        r"(?:.*[-_])?(?:dev|development|debug)|(?:[^0-9]*[-_])?local", service.image.tag
    ):
        yield f"runs {service.image.text!r}, which has a development tag", ("image",)
