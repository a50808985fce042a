"""The project of docs/projects.md, made of its page. The engine of its server is one that only answers."""

from __future__ import annotations

import json
import os
import shutil
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.artefact import pack
from tests.contracts.checkout import ROOT
from tests.contracts.pages import blocks
from tests.support import documented_project, fake_engine
from tests.support.documented_project import Project

IMAGES = ("postgres:17", "registry.example.com/shop/backend:1.4.2", "nginx:1.30", "nats:2-alpine")


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack(ROOT, tmp_path_factory.mktemp("artefact"))


@pytest.fixture(scope="module")
def made(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return the project, with a service of an own kind in its stack, and this machine in place of its server."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "bin").mkdir()
    shutil.copy(ROOT / "tests/support/fake_buildx.py", folder / "bin/docker")
    (folder / "bin/builder.json").write_text(json.dumps({"driver": "docker-container", "store": []}))
    answers: dict[str, tuple[int, Any]] = {"/v1.44/info": (200, {"DockerRootDir": str(folder)})}
    label = json.dumps({"label": ["com.docker.compose.project=shop"]})
    answers[f"/v1.44/containers/json?all=1&filters={urllib.parse.quote(label)}"] = (200, [])
    for image in IMAGES:
        answers[f"/v1.44/distribution/{urllib.parse.quote(image)}/json"] = (
            200,
            {"Descriptor": {"digest": "sha256:" + "0" * 64}},
        )
    with fake_engine.engine(folder / "engine", answers):
        path = f"{folder}/bin:{os.environ['PATH']}"
        environment = {"DOCKER_HOST": f"unix://{folder}/engine", "PATH": path}
        project = documented_project.write(folder, artefact, environment)
        (folder / "kinds").mkdir()
        (folder / "kinds/nats.yml").write_text(blocks(ROOT / "docs/kinds.md", "yaml")[0])
        stack = folder / "inventories/common/stack.yml"
        stack.write_text(stack.read_text().replace("  backend:\n", "  broker: {kind: nats}\n  backend:\n", 1))
        yield project
