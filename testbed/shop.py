"""The example application in the registry: some versions of it, and variants that tests need."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from testbed import images, recipes, registry, shell

STEP = "shop"
SOURCE = shell.ROOT / "examples/apps/shop"
#: What the end of a version says: built on the version's own backend, from a directory below images/.
VARIANTS = {"-unhealthy": images.CONTEXTS / "shop-unhealthy", "-migrated": images.CONTEXTS / "shop-migrated"}
VERSIONS = ("1.0.0", "1.1.0", "1.2.0-unhealthy", "1.3.0-migrated")
NAMES = ("backend", "frontend")
#: What some of examples/stacks have besides.
FURTHER = ("edge", "tests", "vite", "next")
BASES = {"PYTHON_IMAGE": "python:3.13-slim", "NODE_IMAGE": "node:20-slim", "NGINX_IMAGE": "nginx:1.30"}
# What tools leave behind in the working copy; no image has any of it.
LEFT_BEHIND = (
    "node_modules",
    "dist",
    ".next",
    "next-env.d.ts",
    ".venv",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
)


def ensure(versions: Sequence[str] = VERSIONS, names: Sequence[str] = NAMES) -> None:
    """Make sure the registry holds the images of these names of each version, built from the sources as they are.

    A version that ends in `-unhealthy` has a backend whose health check fails, one that ends in `-migrated` brings a
    migration that the others do not have. Raises StepError.
    """
    images.ensure(list(BASES.values()))
    for version in versions:
        digest = _digest(version)
        references = [reference(name, version) for name in names]
        if any(images.context_label(built) != digest for built in references):
            shell.say(STEP, f"building version {version}")
            _build(version, digest, names)
        for built in references:
            if not registry.holds(built, built.removeprefix(f"{registry.ENDPOINT}/")):
                shell.say(STEP, f"pushing {built}")
                shell.run(STEP, ["docker", "push", built])
    shell.say(STEP, f"in the registry: {', '.join(versions)}")


def remove() -> None:
    """Remove the images that were built here."""
    for name in (*NAMES, *FURTHER):
        repository = reference(name, "").rstrip(":")
        listed = shell.answer(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository]) or ""
        for built in listed.split():
            if images.context_label(built):
                shell.run(STEP, ["docker", "image", "rm", "--force", built])


def reference(name: str, version: str) -> str:
    """Return how this machine names an image of the shop; servers say `registry:5000` for the registry."""
    return f"{registry.ENDPOINT}/shop/{name}:{version}"


def _variant(version: str) -> Path | None:
    return next((context for suffix, context in VARIANTS.items() if version.endswith(suffix)), None)


def _digest(version: str) -> str:
    inputs = {name: images.image_id(base) or "" for name, base in BASES.items()}
    variant = _variant(version)
    if variant:
        inputs["variant"] = recipes.context_digest(variant, {})
    return recipes.context_digest(SOURCE, {**inputs, "version": version}, without=LEFT_BEHIND)


def _build(version: str, digest: str, names: Sequence[str]) -> None:
    label = f"{images.CONTEXT_LABEL}={digest}"
    variables = {**BASES, "REGISTRY": registry.ENDPOINT, "VERSION": version}
    bake = ["docker", "buildx", "bake", "--progress=plain", "--load", f"--set=*.labels.{label}", *names]
    shell.run(STEP, bake, env={**os.environ, **variables}, cwd=SOURCE)
    variant = _variant(version)
    if variant and "backend" in names:
        backend = reference("backend", version)
        options = [f"--build-arg=PARENT={backend}", f"--tag={backend}"]
        shell.run(STEP, ["docker", "buildx", "build", "--progress=plain", "--load", *options, str(variant)])
