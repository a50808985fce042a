"""A host to ship releases to: a fake engine and a real directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release import preflight
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Shipped, ship
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link

from tests.support.descriptions import example, parcel
from tests.support.fake_host import container

ORIGIN = {"owner": "ada@laptop", "version": "1.4.2", "commit": "0123456789ab"}
RUNNING = [
    container(name, number) for name in [*example(), "edge-pod"] for number in ((1, 2) if name == "backend" else (1,))
]


class ShipHost:
    """A host whose fake engine has no image and whose registry has all. Its commands are in `commands`."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.home = Home(str(root / "shop"))
        self.running: list[docker.Container] = []
        self.missing: set[str] = set()
        self.digest = "sha256:11"
        self.commands: list[list[str]] = []
        self.refuses = ""
        monkeypatch.setattr(docker, "containers", lambda *_: self.running)
        monkeypatch.setattr(registries, "remote_digest", self._remote_digest)
        monkeypatch.setattr(docker, "local_image", lambda _reference: None)
        monkeypatch.setattr(docker, "get", lambda path: {"DockerRootDir": str(root)} if path == "/info" else None)
        monkeypatch.setattr(docker, "run", self._run)
        monkeypatch.setattr(preflight, "_bind_error", lambda *_place: None)
        monkeypatch.setattr(f"{ship.__module__}._VERIFY_SECONDS", 0.0)

    def ship(self, release_id: str, services: Any = None, dry_run: bool = False, **values: Any) -> Shipped:
        """Ship *services*, or those of the example."""
        release = parcel(services or example(), root=str(self.root))
        content = json.loads(json.dumps(release.content()))
        limits = {"min_free": 1, "allow_downtime": [], **values}
        return ship(content, release.secrets(), release_id, ORIGIN, dry_run=dry_run, **limits)

    def _remote_digest(self, reference: str) -> str:
        if reference in self.missing:
            raise DockerError("no such image")
        return self.digest

    def _run(self, arguments: list[str], cwd: str | None = None, timeout: float | None = None) -> str:
        self.commands.append(arguments)
        if self.refuses:
            raise DockerError(f"{cwd}/compose.yaml: {self.refuses}")
        return ""


def make_live(host: ShipHost, release_id: str = "r1") -> None:
    """Ship the example and make it the live release, as a rollout does."""
    host.ship(release_id)
    link(host.home.current, f"releases/{release_id}")
    host.running = RUNNING
