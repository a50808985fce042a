"""A mirror whose packages are signed with another key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_packages_signed_with_another_key_are_refused(host: Any, playbook: Callable[..., Any]) -> None:
    run = playbook("provision", engine_mirror_key_url="http://127.0.0.1:8090/stranger.asc")
    assert run.code == 2
    assert "NO_PUBKEY" in run.output or "Missing key" in run.output
    assert not host.exists("docker")
