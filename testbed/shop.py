"""Build versions of the example application, and variants for tests, and push them to the registry."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from testbed import images, recipes, registry, shell

STEP = "shop"
SOURCE = shell.ROOT / "examples/apps/shop"
#: By the suffix of a version: the directory from which its backend is built, on top of the version's normal backend.
VARIANTS = {"-unhealthy": images.CONTEXTS / "shop-unhealthy", "-migrated": images.CONTEXTS / "shop-migrated"}
VERSIONS = ("1.0.0", "1.1.0", "1.2.0-unhealthy", "1.3.0-migrated")
NAMES = ("backend", "frontend")
#: More images, for some of examples/stacks.
FURTHER = ("edge", "tests", "vite", "next")
BASES = {"PYTHON_IMAGE": "python:3.13-slim", "NODE_IMAGE": "node:20-slim", "NGINX_IMAGE": "nginx:1.30"}
# Files of tools in the working copy. No image contains them.
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
    """Build the images *names* of each version from the current sources, and push those that the registry lacks.

    The backend of a version that ends in `-unhealthy` has a failing health check. A version that ends in `-migrated`
    has one more migration.

    :raises StepError: if a build or a push fails.
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
    shell.say(STEP, f"the registry has {', '.join(versions)}")


def remove() -> None:
    """Remove the images that were built here."""
    for name in (*NAMES, *FURTHER):
        repository = reference(name, "").rstrip(":")
        listed = shell.answer(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository]) or ""
        for built in listed.split():
            if images.context_label(built):
                shell.run(STEP, ["docker", "image", "rm", "--force", built])


def reference(name: str, version: str) -> str:
    """Return the reference of an image of the shop on this machine. Servers reach the registry as `registry:5000`."""
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
