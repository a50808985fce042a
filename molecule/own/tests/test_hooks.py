"""Hooks of a team's services, with a Compose that does not run them itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import hooked
from tests.support.stacks import Stack


def test_each_hook_runs_once(host: Any, playbook: Callable[..., Any], tmp_path: Path) -> None:
    hooked.check(Stack(host, hooked.NAME, 0), playbook, tmp_path)
