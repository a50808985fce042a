"""The stack on each of the scenario's servers, and the ledger that its release job writes to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stacks import Stack, on_each_server


@pytest.fixture(scope="session")
def trio() -> list[Stack]:
    """Return the stack on each server, in the inventory's order."""
    return list(on_each_server("trio", 8422).values())


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
