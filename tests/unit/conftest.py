"""What all unit tests have in common."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import scheduled_services


@pytest.fixture(autouse=True)
def no_swarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test ask the engine of this machine for a Swarm."""
    monkeypatch.setattr(scheduled_services, "_services", lambda _stack: [])
    monkeypatch.setattr(scheduled_services, "tasks_here", lambda _stack: [])
