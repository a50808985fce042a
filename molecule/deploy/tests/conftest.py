"""The example application on the scenario's server, and how to deploy a version of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.stacks import Stack, described

DEMO = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "inventories/demo"


@pytest.fixture
def shop(host: Any) -> Stack:
    return Stack(host, "shop", 8420)


@pytest.fixture(scope="session")
def backend() -> Callable[..., dict[str, Any]]:
    """Return a function that returns the demo's services with changed keys of the backend."""
    return lambda **keys: described(DEMO, backend=keys)


@pytest.fixture
def at_version(shop: Stack, playbook: Callable[..., Any]) -> Callable[[str], None]:
    """Return a function that deploys a version unless it is live."""

    def deploy(version: str) -> None:
        if shop.get("/api/version").headers["x-app-version"] != version:
            run = playbook("deploy", app_version=version)
            assert run.code == 0, run.output

    return deploy
