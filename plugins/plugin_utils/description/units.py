"""Durations and sizes in the notation of the Compose specification.

Place in the pipeline: description, and everything that reads a model. Pure.
"""

from __future__ import annotations

import re

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|s)")
_DURATION_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6}
_SIZE = re.compile(r"(\d+)([bkmg]?)b?", re.IGNORECASE)
_SIZE_BYTES = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def parse_duration(text: object) -> float:
    """Return the seconds of a Compose duration such as ``1m30s``.

    :raises ValueError: if *text* is not such a duration. A bare number is refused, because Compose reads it as
        nanoseconds.
    """
    if isinstance(text, str):
        parts = _DURATION_PART.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            return sum(float(number) * _DURATION_SECONDS[unit] for number, unit in parts)
    raise ValueError(f"{text!r} is not a duration; write a number with its unit, such as 30s or 1m30s")


def duration_text(seconds: float) -> str:
    """Return a duration as nginx and Traefik read it, without fractions: ``500ms``, ``90s``."""
    milliseconds = round(seconds * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def parse_size(text: object) -> int:
    """Return the bytes of a Compose size such as ``512m``.

    :raises ValueError: if *text* is not such a size.
    """
    if isinstance(text, (str, int)) and not isinstance(text, bool):
        match = _SIZE.fullmatch(str(text))
        if match:
            return int(match[1]) * _SIZE_BYTES[match[2].lower()]
    raise ValueError(f"{text!r} is not a size; write a number with its unit, such as 512m or 2g")


def size_text(size: int) -> str:
    """Return a number of bytes as Docker shows it: ``16.4 MB``."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
