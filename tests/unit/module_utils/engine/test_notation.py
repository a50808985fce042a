from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import notation

from tests.support.own_time import give_time

#: 2026-11-21T10:00:00Z
STARTED = 1795255200.0


@pytest.mark.parametrize(
    ("started_at", "seconds"),
    [
        ("2026-11-21T10:00:00Z", 90.0),
        ("2026-11-21T10:00:00.25Z", 89.75),
        ("2026-11-21T10:00:00.123456789Z", 89.876543211),
        # The clock was set.
        ("2026-11-21T11:00:00Z", 0.0),
    ],
)
def test_how_long_a_time_is_ago(monkeypatch: pytest.MonkeyPatch, started_at: str, seconds: float) -> None:
    give_time(monkeypatch, notation, time=lambda: STARTED + 90.0)
    assert notation.seconds_since(started_at) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("check", "seconds"),
    [
        ({}, 0.0),
        ({"Test": ["NONE"]}, 0.0),
        ({"Test": ["CMD", "true"]}, 240.0),
        ({"Test": ["CMD", "true"], "Interval": 5e9, "Timeout": 3e9, "Retries": 2, "StartPeriod": 60e9}, 84.0),
    ],
)
def test_how_long_a_health_check_may_take(check: dict[str, Any], seconds: float) -> None:
    assert notation.check_seconds(check) == seconds
