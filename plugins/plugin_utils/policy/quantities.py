"""Durations and sizes as Compose reads them; ``None`` for what is neither, which Compose will complain about."""

from __future__ import annotations

import re
from typing import Any

_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def seconds(value: Any) -> float | None:
    """Return the seconds of a duration such as ``1m30s``. A bare number is in nanoseconds, as everywhere in Compose."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) * 1e-9
    if not isinstance(value, str) or len(value) > 40:
        return None
    parts = _PART.findall(value)
    if parts and "".join(amount + unit for amount, unit in parts) == value:
        return sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
    return 0.0 if value == "0" else None


def size(value: Any) -> float | None:
    """Return the bytes of a size such as ``512m``."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or len(str(value)) > 40:
        return None
    match = _SIZE.fullmatch(str(value).strip())
    return float(match[1]) * 1024 ** _POWERS[match[2].lower()] if match else None


def amount(value: Any) -> float | None:
    """Return a number such as that of processors."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*", str(value))
    return float(match[1]) if match else None
