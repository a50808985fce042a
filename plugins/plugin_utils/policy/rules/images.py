"""Images: what exactly will run, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..notation import mark_of
from ..parts import Image
from ..registry import Problem, service_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, image"


def _through_variable(service: Service) -> str:
    mark = mark_of(service.keys, "image")
    return f", through {mark.source!r}" if mark and mark.source else ""


def _looked_at(service: Service) -> Image | None:
    """Return the image whose reference counts: one that is pulled, not one that is built here under a name."""
    if service.image is None or service.image.digest or service.image.unknown:
        return None
    return None if "build" in service.keys and not service.image.tag else service.image


@service_rule(
    "iwee",
    "compose-lint:CL-0004 compose-auditor:IMG001 dclint:service-image-require-explicit-tag hadolint:DL3006 "
    "hadolint:DL3007",
    id="SLP040",
    title="An image has a tag, and it is not latest",
    reason="Two servers, or the same one after a restart, run different versions, and there is none to go back to.",
    fix="Name the version: `postgres:17.2`. Where a variable holds it, give it no default of `latest`: `${TAG:?}`.",
    reference=_REFERENCE,
)
def untagged(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find references that mean `latest`, outright or by way of a variable."""
    image = _looked_at(service)
    if image and image.tag in ("", "latest"):
        said = "is latest" if image.tag else "has no tag, which means latest"
        yield f"runs {image.text!r}, which {said}{_through_variable(service)}", ("image",)


@service_rule(
    "iiww",
    "compose-lint:CL-0004",
    id="SLP041",
    title="A tag stands for a version, not for a channel",
    reason="`stable`, `alpine` or `main` is another image next week, of another major version perhaps.",
    fix="Name the version: `nginx:1.30-alpine` in place of `nginx:alpine`.",
    reference=_REFERENCE,
)
def floating(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find tags that have no number in them."""
    image = _looked_at(service)
    if image and image.tag not in ("", "latest") and not re.search(r"[0-9]", image.tag):
        yield f"runs {image.text!r}, whose tag moves{_through_variable(service)}", ("image",)


@service_rule(
    "--ii",
    "compose-lint:CL-0019",
    id="SLP042",
    title="An image is pinned by digest",
    reason="A tag can be pushed again, by a mistake or by an attacker; a digest is that content for ever.",
    fix="Append it: `postgres:17.2@sha256:…`, or deploy by a tool that does so, as this collection does.",
    reference=_REFERENCE,
)
def no_digest(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find references without a digest, where the deploy does not pin them itself."""
    if stack.pinned or service.image is None or "build" in service.keys:
        return
    if not service.image.digest and "${" not in service.image.text:
        yield f"runs {service.image.text!r}, which is not pinned by digest", ("image",)


@service_rule(
    "eeee",
    "hadolint:DL3026",
    id="SLP043",
    title="Images come from registries that are allowed",
    reason="What is pulled runs with the rights of the stack; a company decides where from.",
    fix="Push the image to an allowed registry, or add this one to the list.",
    reference="`registries` in the settings, `hub` for Docker's own; where there are none, all are allowed",
)
def foreign(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find images of other registries than the settings allow."""
    if service.image and stack.registries and "${" not in service.image.registry:
        registry = service.image.registry or "hub"
        if registry not in stack.registries and ("build" not in service.keys or service.image.registry):
            yield f"comes from {registry!r}; allowed are {', '.join(stack.registries)}", ("image",)


@service_rule(
    "--ww",
    id="SLP044",
    title="A server pulls its images, it does not build them",
    reason="Built on the server, an image exists nowhere else: nothing was tested, and nothing can be gone back to.",
    fix="Build and push in CI, name the result under `image`, and keep `build` in the file for development.",
    reference="Compose specification, services, build",
)
def built_here(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that have a build and no image to pull."""
    if "build" in service.keys and service.image is None:
        yield "is built where it runs; it names no image", ("build",)


@service_rule(
    "--ee",
    id="SLP045",
    title="No development stage is deployed",
    reason="A stage such as `dev` has compilers, test data and a server that is not meant for the public.",
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
    elif service.image and re.fullmatch(r"(?:.*[-_])?(?:dev|development|debug|local)", service.image.tag):
        yield f"runs {service.image.text!r}, a tag for development", ("image",)
