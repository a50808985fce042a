"""The example application in the registry: some versions of it, and one that never becomes healthy."""

from __future__ import annotations

import os
from collections.abc import Sequence

from testbed import images, recipes, registry, shell

STEP = "shop"
SOURCE = shell.ROOT / "examples/apps/shop"
UNHEALTHY = images.CONTEXTS / "shop-unhealthy"
UNHEALTHY_SUFFIX = "-unhealthy"
VERSIONS = ("1.0.0", "1.1.0", f"1.2.0{UNHEALTHY_SUFFIX}")
NAMES = ("backend", "frontend")
BASES = {"PYTHON_IMAGE": "python:3.13-slim", "NODE_IMAGE": "node:20-slim", "NGINX_IMAGE": "nginx:1.30"}
# What tools leave behind in the working copy; no image has any of it.
LEFT_BEHIND = ("node_modules", "dist", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")


def ensure(versions: Sequence[str] = VERSIONS) -> None:
    """Make sure the registry holds both images of each version, built from the sources as they are.

    A version that ends in `-unhealthy` has a backend whose health check fails. Raises StepError.
    """
    images.ensure(list(BASES.values()))
    for version in versions:
        digest = _digest(version)
        references = [reference(name, version) for name in NAMES]
        if any(images.context_label(built) != digest for built in references):
            shell.say(STEP, f"building version {version}")
            _build(version, digest)
        for built in references:
            if not registry.holds(built, built.removeprefix(f"{registry.ENDPOINT}/")):
                shell.say(STEP, f"pushing {built}")
                shell.run(STEP, ["docker", "push", built])
    shell.say(STEP, f"in the registry: {', '.join(versions)}")


def remove() -> None:
    """Remove the images that were built here."""
    for name in NAMES:
        repository = reference(name, "").rstrip(":")
        listed = shell.answer(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository]) or ""
        for built in listed.split():
            if images.context_label(built):
                shell.run(STEP, ["docker", "image", "rm", "--force", built])


def reference(name: str, version: str) -> str:
    """Return how this machine names an image of the shop; servers say `registry:5000` for the registry."""
    return f"{registry.ENDPOINT}/shop/{name}:{version}"


def _digest(version: str) -> str:
    inputs = {name: images.image_id(base) or "" for name, base in BASES.items()}
    if version.endswith(UNHEALTHY_SUFFIX):
        inputs["unhealthy"] = recipes.context_digest(UNHEALTHY, {})
    return recipes.context_digest(SOURCE, {**inputs, "version": version}, without=LEFT_BEHIND)


def _build(version: str, digest: str) -> None:
    label = f"{images.CONTEXT_LABEL}={digest}"
    variables = {**BASES, "REGISTRY": registry.ENDPOINT, "VERSION": version}
    bake = ["docker", "buildx", "bake", "--progress=plain", "--load", f"--set=*.labels.{label}"]
    shell.run(STEP, bake, env={**os.environ, **variables}, cwd=SOURCE)
    if version.endswith(UNHEALTHY_SUFFIX):
        backend = reference("backend", version)
        options = [f"--build-arg=PARENT={backend}", f"--tag={backend}"]
        shell.run(STEP, ["docker", "buildx", "build", "--progress=plain", "--load", *options, str(UNHEALTHY)])
