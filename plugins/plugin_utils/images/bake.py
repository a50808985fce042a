"""From the model to the document for ``docker buildx bake``, which builds the images of the stack.

Place in the pipeline: next to compose, before a deploy. Pure: the caller passes the paths of the build contexts and
their commits. The format of the document: "Bake file reference" in Docker's documentation, as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Build, Stack

DIRTY = "-dirty"


@dataclass(frozen=True)
class BuildContext:
    """A build context on this machine: its absolute path, and the last commit that changed something in it.

    ``commit`` ends with ``-dirty`` if the files have changed since; it is empty if there is no commit.
    """

    path: str
    commit: str


@dataclass(frozen=True)
class Target:
    """An image to build. ``image``: its reference on servers; ``tags``: its references for the push."""

    name: str
    image: str
    tags: tuple[str, ...]
    context: str
    dockerfile: str
    stage: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    platforms: tuple[str, ...]


def targets(stack: Stack, contexts: Mapping[str, BuildContext], push_registries: Mapping[str, str]) -> list[Target]:
    """Return a target for each distinct image that services build. It has the name of the first of these services.

    :param contexts: by context as the description writes it.
    :param push_registries: the host that this machine pushes to, by the registry's host in image references.
    :raises ValueError: naming the services, if two of them build the same image differently.
    """
    found: dict[str, Target] = {}
    builds: dict[str, Build] = {}
    for service in stack.services.values():
        if service.build is None:
            continue
        image = service.image
        if image not in found:
            builds[image] = service.build
            found[image] = _target(service.name, image, service.build, contexts[service.build.context], push_registries)
        elif service.build != builds[image]:
            raise ValueError(
                f"service {service.name!r}: key 'build': service {found[image].name!r} builds {image} differently; "
                f"change the image of one of them, or make one 'like' the other"
            )
    return list(found.values())


def _target(name: str, image: str, build: Build, context: BuildContext, push_registries: Mapping[str, str]) -> Target:
    pushed = push_reference(image, push_registries)
    # The version is the tag of the image. With the version of the stack every deploy would restart the databases.
    version = image.rpartition(":")[2]
    args = {"APP_VERSION": version}
    labels = {"org.opencontainers.image.version": version}
    tags = [pushed]
    if context.commit:
        args["GIT_COMMIT"] = labels["org.opencontainers.image.revision"] = context.commit
        if not context.commit.endswith(DIRTY):
            tags.append(f"{pushed}-{context.commit}")
    merged = {**args, **build.args}
    return Target(
        name=name,
        image=image,
        tags=tuple(tags),
        context=context.path,
        dockerfile=build.dockerfile,
        stage=build.target,
        args={key: value for key, value in merged.items() if value is not None},
        labels=labels,
        platforms=build.platforms,
    )


def push_reference(image: str, push_registries: Mapping[str, str]) -> str:
    """Return the reference under which this machine pushes *image*."""
    host, slash, rest = image.partition("/")
    return f"{push_registries[host]}/{rest}" if slash and host in push_registries else image


def document(chosen: Iterable[Target], attestations: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, Any]:
    """Return the bake document for the *chosen* targets, ready for JSON.

    :param attestations: by target, the attestations of its image in bake's notation.
    """
    entries = {target.name: _entry(target, (attestations or {}).get(target.name, ())) for target in chosen}
    return {"group": {"default": {"targets": list(entries)}}, "target": entries}


def _entry(target: Target, attestations: tuple[str, ...]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "context": target.context,
        "dockerfile": target.dockerfile,
        "args": dict(target.args),
        "labels": dict(target.labels),
        "tags": list(target.tags),
    }
    if target.stage:
        entry["target"] = target.stage
    if target.platforms:
        entry["platforms"] = list(target.platforms)
    if attestations:
        entry["attest"] = list(attestations)
    return {key: _escaped(value) for key, value in entry.items()}


def _escaped(value: Any) -> Any:
    """Return *value*, escaped such that bake reads its texts literally: ``${`` and ``%{`` begin a template."""
    if isinstance(value, str):
        return re.sub(r"([$%])(?=\{)", r"\1\1", value)
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value]
