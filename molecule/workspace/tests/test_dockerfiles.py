"""Dockerfiles for sources that have none: the images build and become healthy."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from testbed import shop

Playbook = Callable[..., Any]

TAG = "slipway/dockerfiles"
PROJECT = """\
[project]
name = "tiny"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["fastapi", "uvicorn"]
"""
APPLICATION = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> str:
    return "well"
"""


def _uv(folder: Path) -> None:
    (folder / "app").mkdir(parents=True)
    (folder / "app/__init__.py").touch()
    (folder / "app/main.py").write_text(APPLICATION)
    (folder / "pyproject.toml").write_text(PROJECT)
    subprocess.run(["uv", "lock", "--quiet"], cwd=folder, check=True, env={**os.environ, "UV_SYSTEM_CERTS": "true"})


def _next(folder: Path) -> None:
    shutil.copytree(shop.SOURCE / "next", folder, ignore=shutil.ignore_patterns(*shop.LEFT_BEHIND, "Dockerfile"))


#: By name: the function that creates the source, the service, and a command that the development image must run.
SOURCES: dict[str, tuple[Callable[[Path], None], dict[str, Any], list[str]]] = {
    "uv": (_uv, {"kind": "fastapi", "health": "/health"}, ["python", "-c", "import fastapi, debugpy, watchfiles"]),
    "next": (_next, {"kind": "nextjs", "health": "/healthz"}, ["node", "node_modules/next/dist/bin/next", "--version"]),
}


@pytest.mark.parametrize("name", list(SOURCES))
def test_the_image_builds_becomes_healthy_and_has_development_tools(
    name: str, tmp_path: Path, playbook: Playbook
) -> None:
    make, service, tools = SOURCES[name]
    folder = tmp_path / "source"
    make(folder)
    services = {"web": {**service, "image": f"{TAG}:{name}", "build": {"context": str(folder)}}}
    run = playbook("workspace", workspace_path=str(tmp_path), stack_services=services, stack_secrets={})
    assert run.code == 0, run.output
    with _built(folder, "production") as image, _started(image) as container:
        deadline = time.monotonic() + 60
        while (state := _docker("inspect", "--format", "{{.State.Health.Status}}", container)) != "healthy":
            assert time.monotonic() < deadline, f"{state}: {_docker('logs', container)}"
            time.sleep(0.5)
        assert _docker("exec", container, "id", "-u") != "0"
    with _built(folder, "development") as image:
        _docker("run", "--rm", "--network=none", "--entrypoint=", image, *tools)


@contextmanager
def _built(folder: Path, stage: str) -> Iterator[str]:
    """Build a stage of the Dockerfile in *folder*, and remove the image at the end."""
    _docker("build", "--quiet", "--target", stage, "--tag", f"{TAG}:{stage}", str(folder))
    try:
        yield f"{TAG}:{stage}"
    finally:
        _docker("image", "rm", "--force", f"{TAG}:{stage}")


@contextmanager
def _started(image: str) -> Iterator[str]:
    """Start a container with the restrictions of a server, and remove it at the end."""
    options = ["--read-only", "--tmpfs=/tmp", "--tmpfs=/app/.next/cache:mode=1777", "--cap-drop=ALL", "--network=none"]
    container = _docker("run", "--detach", *options, "--env=HOSTNAME=0.0.0.0", image)
    try:
        yield container
    finally:
        _docker("rm", "--force", container)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
