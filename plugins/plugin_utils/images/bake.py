"""From the model to the document that ``docker buildx bake`` builds the stack's images by.

Place in the pipeline: beside compose, before a deploy. Pure: where the contexts are, and which commit they are at,
comes looked up. The document's form: Bake file reference of Docker's documentation, in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Build, Stack

DIRTY = "-dirty"


@dataclass(frozen=True)
class Source:
    """A build context on this machine: its absolute path, and the last commit that changed something in it.

    ``commit`` ends with ``-dirty`` where the files are not those of the commit, and is empty where there is none.
    """

    path: str
    commit: str


@dataclass(frozen=True)
class Target:
    """One image to build. ``image`` is what servers call it, ``tags`` what this machine builds and pushes it as."""

    name: str
    image: str
    tags: tuple[str, ...]
    context: str
    dockerfile: str
    stage: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    platforms: tuple[str, ...]


def targets(stack: Stack, sources: Mapping[str, Source], push_registries: Mapping[str, str]) -> list[Target]:
    """Return a target for each distinct image that the stack's services are built into, named for its first service.

    :param sources: where the contexts are, by the context as the description writes it.
    :param push_registries: the host that this machine pushes to, by the registry's host in image references.
    :raises ValueError: naming the services, where two of them build one image in different ways.
    """
    found: dict[str, Target] = {}
    builds: dict[str, Build] = {}
    for service in stack.services.values():
        if service.build is None:
            continue
        image = service.image
        if image not in found:
            builds[image] = service.build
            found[image] = _target(service.name, image, service.build, sources[service.build.context], push_registries)
        elif service.build != builds[image]:
            raise ValueError(
                f"service {service.name!r}: key 'build': service {found[image].name!r} builds {image} in another way; "
                f"give one of them another image, or make it 'like' the other"
            )
    return list(found.values())


def _target(name: str, image: str, build: Build, source: Source, push_registries: Mapping[str, str]) -> Target:
    pushed = pushed_as(image, push_registries)
    # The image's tag is its version: the stack's own would change, and restart, a database's image at every deploy.
    version = image.rpartition(":")[2]
    args = {"APP_VERSION": version}
    labels = {"org.opencontainers.image.version": version}
    tags = [pushed]
    if source.commit:
        args["GIT_COMMIT"] = labels["org.opencontainers.image.revision"] = source.commit
        if not source.commit.endswith(DIRTY):
            tags.append(f"{pushed}-{source.commit}")
    merged = {**args, **build.args}
    return Target(
        name=name,
        image=image,
        tags=tuple(tags),
        context=source.path,
        dockerfile=build.dockerfile,
        stage=build.target,
        args={key: value for key, value in merged.items() if value is not None},
        labels=labels,
        platforms=build.platforms,
    )


def pushed_as(image: str, push_registries: Mapping[str, str]) -> str:
    """Return the reference under which this machine pushes *image*."""
    host, slash, rest = image.partition("/")
    return f"{push_registries[host]}/{rest}" if slash and host in push_registries else image


def document(chosen: Iterable[Target], attested: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, Any]:
    """Return the bake document for the *chosen* targets, ready for JSON.

    :param attested: by target, the attestations that its image gets, as ``attest`` has them.
    """
    entries = {target.name: _entry(target, (attested or {}).get(target.name, ())) for target in chosen}
    return {"group": {"default": {"targets": list(entries)}}, "target": entries}


def _entry(target: Target, attested: tuple[str, ...]) -> dict[str, Any]:
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
    if attested:
        entry["attest"] = list(attested)
    return {key: _literal(value) for key, value in entry.items()}


def _literal(value: Any) -> Any:
    """Return *value* such that bake takes its texts as they are: to it ``${`` and ``%{`` begin a template."""
    if isinstance(value, str):
        return re.sub(r"([$%])(?=\{)", r"\1\1", value)
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value]
