"""How the engine writes times and health checks, as numbers.

Place in the pipeline: target, under the questions to the engine. Pure.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from typing import Any

_NANOSECONDS = 1e9


def seconds_since(started_at: str) -> float:
    """Return how long a time is ago by the clock of this host, such as ``2026-11-21T10:00:00.123456789Z``."""
    seconds, _point, fraction = started_at.rstrip("Z").partition(".")
    started = calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")
    return max(0.0, time.time() - started)


def check_seconds(check: Mapping[str, Any]) -> float:
    """Return the start period and all retries of a health check in seconds; 0 without one."""
    if (check.get("Test") or ["NONE"])[0] == "NONE":
        return 0.0
    # The engine's own defaults.
    interval, timeout = (check.get(key) or 30 * _NANOSECONDS for key in ("Interval", "Timeout"))
    attempts = (check.get("Retries") or 3) + 1
    return float((check.get("StartPeriod") or 0) + (interval + timeout) * attempts) / _NANOSECONDS
