"""The health checks that are a line of Python are run, with healthy and unhealthy input."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.descriptions import model


def _check(kind: str, **keys: Any) -> list[str]:
    service = model({"app": {"kind": kind, "image": "app:1", **keys}}).services["app"]
    test = [argument.replace("$$", "$") for argument in service.health["test"]]
    assert test[0] == "CMD"
    return test[1:]


@pytest.mark.parametrize(("age", "healthy"), [(0, True), (80, True), (100, False), (None, False)])
def test_a_bot_is_healthy_while_its_heartbeat_is_fresh(age: int | None, healthy: bool, tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    if age is not None:
        heartbeat.touch()
        os.utime(heartbeat, (time.time() - age,) * 2)
    check = _check("telegram_bot", heartbeat=str(heartbeat))
    done = subprocess.run([sys.executable, *check[1:]], capture_output=True)
    assert (done.returncode == 0) is healthy
