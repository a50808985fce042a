"""Durations, sizes and numbers as Compose reads them. Pure.

Place in the pipeline: compose_reader, in the rules about times and limits. A value that Compose would refuse is
``None`` here, not an error: Compose reports it.
"""

from __future__ import annotations

import re
from typing import Any

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)")
_DURATION_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_SIZE_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def seconds(value: Any) -> float | None:
    """Return the seconds of a duration such as ``1m30s``. Compose reads a number without a unit as nanoseconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) * 1e-9
    if not isinstance(value, str) or len(value) > 40:
        return None
    parts = _DURATION_PART.findall(value)
    if parts and "".join(number + unit for number, unit in parts) == value:
        return sum(float(number) * _DURATION_SECONDS[unit] for number, unit in parts)
    return 0.0 if value == "0" else None


def size(value: Any) -> float | None:
    """Return the bytes of a size such as ``512m``."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or len(str(value)) > 40:
        return None
    match = _SIZE.fullmatch(str(value).strip())
    return float(match[1]) * 1024 ** _SIZE_POWERS[match[2].lower()] if match else None


def decimal(value: Any) -> float | None:
    """Return a number such as ``0.5`` processors. It may be written as text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*", str(value))
    return float(match[1]) if match else None


def integer(value: Any) -> int | None:
    """Return a whole number. It may be written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else None
