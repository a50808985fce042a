"""Hooks of a team's services. The newer Compose runs them, too, when it starts containers itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import hooked
from tests.support.stacks import on_each_server


def test_each_hook_runs_once(name: str, here: Callable[..., Any], tmp_path: Path) -> None:
    hooked.check(on_each_server(hooked.NAME, 0)[name], here, tmp_path)
