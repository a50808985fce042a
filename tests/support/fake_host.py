"""Fakes of what modules find on a host: containers, entries of a manifest, a clock that does not wait."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import Clock
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text


def container(service: str = "web", number: int = 1, **changes: Any) -> Container:
    """Return a container that has been running for a day and is healthy, with *changes*."""
    values: dict[str, Any] = {
        "id": f"{service}{number}",
        "name": f"shop-{service}-{number}",
        "service": service,
        "oneoff": False,
        "image": "app:1",
        "state": "running",
        "exit_code": 0,
        "restarts": 0,
        "health": "healthy",
        "probe_output": "",
        "started_at": "2026-11-21T10:00:00Z",
        "uptime": 86400.0,
        "stop_grace": 10.0,
    }
    return Container(**{**values, **changes})


def spec(**changes: Any) -> dict[str, Any]:
    """Return a service's entry in a manifest with *changes*. By default: rolling, one replica, 90 seconds to start."""
    values: dict[str, Any] = {
        "kind": "custom",
        "class": "rolling",
        "image": "app:1",
        "pinned": "app@sha256:1",
        "replicas": 1,
        "depends_on": [],
        "edge": False,
        "release": None,
        "ports": [],
        "start_seconds": 90.0,
        "min_uptime": 10.0,
        "secrets": {},
        "settings": {"image": "app:1", "environment": {}},
    }
    return {**values, **changes}


def settings(**changes: Any) -> dict[str, Any]:
    """Return a service's entry in a manifest with changes of its `settings`, which are Compose keys."""
    return spec(settings={**spec()["settings"], **changes})


class FakeClock(Clock):
    """A clock whose time passes only during `sleep`."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        super().__init__(now=lambda: self.seconds, sleep=self._pass)

    def _pass(self, seconds: float) -> None:
        self.seconds += seconds


def write_release(home: Home, release_id: str, **manifest: Any) -> None:
    """Write a release with this manifest into *home*, as `ship` does."""
    given = {"release": release_id, "stack": "shop", "mounted": [], "addresses": {}, "services": {}, "probes": []}
    write_text(home.release(release_id) / "manifest.json", json.dumps({**given, **manifest}))


def tree(folder: Path) -> list[str]:
    """Return the paths of all files below *folder*."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
