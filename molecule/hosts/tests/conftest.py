"""The stack on each of the scenario's servers, and the ledger that its release job writes to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import testinfra
import yaml

from tests.support.stacks import Stack


def _on(platform: dict[str, Any]) -> Stack:
    inventory = os.environ["MOLECULE_INVENTORY_FILE"]
    host = testinfra.get_host(f"ansible://{platform['name']}?ansible_inventory={inventory}")
    return Stack(host, "trio", 8422, platform["address"])


@pytest.fixture(scope="session")
def trio() -> list[Stack]:
    """Return the stack on each server, in the inventory's order."""
    scenario = yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text())
    return [_on(platform) for platform in scenario["platforms"]]


class Ledger:
    """What the release jobs did."""

    def __init__(self, host: Any) -> None:
        self._host = host

    def migrations(self, version: str) -> int:
        """Return how often the job of a version ran."""
        log = self._host.check_output("sudo docker logs ledger 2>&1")
        return log.count(f"GET /?migrate={version} ")


@pytest.fixture(scope="session")
def ledger(trio: list[Stack]) -> Ledger:
    return Ledger(trio[0].host)
