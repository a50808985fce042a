"""Dockerfiles for sources that have none: a development and a production stage, dependencies in layers of their own.

Place in the pipeline: model -> workspace. Pure. Which package manager a source uses is told by its lock file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import (
    Build,
    Development,
    Service,
    Source,
    Stack,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.templating import template

#: By package manager, the files of which one tells that a source uses it, the surest first.
_PYTHON = {"uv": "uv.lock", "poetry": "poetry.lock", "pip": "requirements.txt"}
_NODE = {"npm": "package-lock.json"}
_MANAGERS = {"python": _PYTHON, "vite": _NODE, "nextjs": _NODE}


#: Base images unless others are asked for.
IMAGES = {"python": "python:3.13-slim", "node": "node:24-slim", "nginx": "nginx:1.30"}
_STAGE = re.compile(r"^\s*FROM\s.+\sAS\s+(\S+)\s*$", re.IGNORECASE | re.MULTILINE)


def images(given: Mapping[str, str]) -> dict[str, str]:
    """Return the base images of Dockerfiles by what they bring.

    :raises ValueError: for one that no Dockerfile is made of.
    """
    unknown = [name for name in given if name not in IMAGES]
    if unknown:
        raise ValueError(f"workspace_images: unknown key {unknown[0]!r}{suggestion(unknown[0], list(IMAGES))}")
    return {**IMAGES, **given}


def files(stack: Stack, bases: Mapping[str, str]) -> dict[str, str]:
    """Return Dockerfiles and what Docker is to ignore beside them, by path, one of each for a build context.

    A context whose package manager cannot be told has none of its own to get.

    :param bases: what :func:`images` returns.
    """
    found: dict[str, str] = {}
    for service in stack.services.values():
        form, build = service.development, service.build
        if form is None or build is None or not form.dockerfile:
            continue
        path = _path(form, build)
        manager = _manager(form.dockerfile, form.source)
        if manager is None or path in found:
            continue
        found[path] = _dockerfile(service, form, manager, bases)
        found[posixpath.normpath(f"{form.source.path}/.dockerignore")] = template("dockerfiles/dockerignore").render()
    return found


def lacking(stack: Stack, texts: Mapping[str, str]) -> list[tuple[str, str, list[str]]]:
    """Return path, stage and services for each Dockerfile among *texts* without the stage that these are built at."""
    found: dict[tuple[str, str], list[str]] = {}
    for service in stack.services.values():
        form, build = service.development, service.build
        if form and build and form.target:
            path = _path(form, build)
            if path in texts and form.target not in _STAGE.findall(texts[path]):
                found.setdefault((path, form.target), []).append(service.name)
    return [(path, stage, services) for (path, stage), services in found.items()]


def _path(form: Development, build: Build) -> str:
    return posixpath.normpath(f"{form.source.path}/{build.dockerfile}")


def _manager(dockerfile: str, source: Source) -> str | None:
    return next((name for name, lock in _MANAGERS[dockerfile].items() if lock in source.entries), None)


def _dockerfile(service: Service, form: Development, manager: str, bases: Mapping[str, str]) -> str:
    health = service.health.get("test", ["NONE"])
    return template(f"dockerfiles/{form.dockerfile}.j2").render(
        manager=manager,
        entries=form.source.entries,
        images=bases,
        path=form.path,
        port=service.port,
        command=_command(service),
        health=[str(part).replace("$$", "$") for part in health],
        health_path=service.options.get("health_path", "/"),
        application=service.options.get("app"),
    )


def _command(service: Service) -> list[str]:
    """Return what the image runs by itself; a service of another kind may run another command in it."""
    if isinstance(service.command, list):
        return [part.replace("$$", "$") for part in service.command]
    if service.kind.name == "fastapi":
        address = ["--host", "0.0.0.0", "--port", str(service.port)]
        behind_the_edge = ["--proxy-headers", "--forwarded-allow-ips", "*", "--timeout-graceful-shutdown", "25"]
        return ["uvicorn", str(service.options["app"]), *address, *behind_the_edge]
    return ["python", "-m", "app"]
