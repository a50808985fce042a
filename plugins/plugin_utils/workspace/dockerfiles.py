"""Dockerfiles for sources without one: a development and a production stage, with dependencies in separate layers.

Place in the pipeline: model -> workspace. Pure. The lock file of a source shows which package manager it uses.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import command_words
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import (
    Build,
    Development,
    Service,
    Source,
    Stack,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.templating import template

#: By package manager, the file that shows that a source uses it; the most reliable one first.
_PYTHON = {"uv": "uv.lock", "poetry": "poetry.lock", "pip": "requirements.txt"}
_NODE = {"npm": "package-lock.json"}
_MANAGERS = {"python": _PYTHON, "vite": _NODE, "nextjs": _NODE}

#: The default base images.
IMAGES = {"python": "python:3.13-slim", "node": "node:24-slim", "nginx": "nginx:1.30"}
_STAGE = re.compile(r"^\s*FROM\s.+\sAS\s+(\S+)\s*$", re.IGNORECASE | re.MULTILINE)


def base_images(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the base images of Dockerfiles by ``python``, ``node`` and ``nginx``.

    :param chosen: images to use instead of the defaults.
    :raises ValueError: for an unknown key.
    """
    unknown = [name for name in chosen if name not in IMAGES]
    if unknown:
        raise ValueError(f"workspace_images: unknown key {unknown[0]!r}{suggestion(unknown[0], list(IMAGES))}")
    return {**IMAGES, **chosen}


def files(stack: Stack, images: Mapping[str, str]) -> dict[str, str]:
    """Return a Dockerfile and a ``.dockerignore`` for each build context, by path.

    A context whose package manager is unknown gets none.

    :param images: the result of :func:`base_images`.
    """
    found: dict[str, str] = {}
    for service in stack.services.values():
        development, build = service.development, service.build
        if development is None or build is None or not development.dockerfile:
            continue
        path = _path(development, build)
        manager = _package_manager(development.dockerfile, development.source)
        if manager is None or path in found:
            continue
        found[path] = _dockerfile(service, development, manager, images)
        ignore_file = posixpath.normpath(f"{development.source.path}/.dockerignore")
        found[ignore_file] = template("dockerfiles/dockerignore").render()
    return found


def missing_stages(stack: Stack, texts: Mapping[str, str]) -> list[tuple[str, str, list[str]]]:
    """Return path, stage and services for each Dockerfile among *texts* that lacks the stage which services build."""
    found: dict[tuple[str, str], list[str]] = {}
    for service in stack.services.values():
        development, build = service.development, service.build
        if development and build and development.target:
            path = _path(development, build)
            if path in texts and development.target not in _STAGE.findall(texts[path]):
                found.setdefault((path, development.target), []).append(service.name)
    return [(path, stage, services) for (path, stage), services in found.items()]


def _path(development: Development, build: Build) -> str:
    return posixpath.normpath(f"{development.source.path}/{build.dockerfile}")


def _package_manager(dockerfile: str, source: Source) -> str | None:
    return next((name for name, lock in _MANAGERS[dockerfile].items() if lock in source.entries), None)


def _dockerfile(service: Service, development: Development, manager: str, images: Mapping[str, str]) -> str:
    health = service.health.get("test", ["NONE"])
    return template(f"dockerfiles/{development.dockerfile}.j2").render(
        manager=manager,
        entries=development.source.entries,
        images=images,
        path=development.path,
        port=service.port,
        command=_command(service),
        health=[str(part).replace("$$", "$") for part in health],
        health_path=service.options.get("health_path", "/"),
        application=service.options.get("app"),
    )


def _command(service: Service) -> list[str]:
    """Return the default command of the image; services of other kinds may run another command in it."""
    if isinstance(service.command, list):
        return [part.replace("$$", "$") for part in service.command]
    if service.command:
        return command_words.split(service.command.replace("$$", "$"))
    if service.kind.name == "fastapi":
        address = ["--host", "0.0.0.0", "--port", str(service.port)]
        behind_the_edge = ["--proxy-headers", "--forwarded-allow-ips", "*", "--timeout-graceful-shutdown", "25"]
        return ["uvicorn", str(service.options["app"]), *address, *behind_the_edge]
    return ["python", "-m", "app"]
