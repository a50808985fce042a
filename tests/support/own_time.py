"""A time of its own for one module under test, while the rest of the process keeps the real one."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


def give_time(monkeypatch: pytest.MonkeyPatch, module: ModuleType, **functions: Any) -> None:
    """Replace functions of ``time`` for one module that says ``import time``: ``sleep``, ``time``, ``monotonic``.

    Whoever replaces ``time.sleep`` itself replaces it for each thread of the process, and a thread of another test
    that waits would then move the clock of this one.
    """
    monkeypatch.setattr(module, "time", SimpleNamespace(**{**vars(module.time), **functions}))
