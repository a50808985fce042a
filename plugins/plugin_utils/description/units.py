"""Durations and sizes in the notation of the Compose specification.

Place in the pipeline: description, and everything that reads a model. Pure.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import units

#: Docker, nginx and Traefik count nanoseconds and bytes in 64 bits, with a sign.
_MOST = 2**63 - 1


def parse_duration(text: object) -> float:
    """Return the seconds of a Compose duration such as ``1m30s``.

    :raises ValueError: if *text* is not such a duration. A bare number is refused, because Compose reads it as
        nanoseconds.
    """
    seconds = units.seconds(text) if isinstance(text, str) and text != "0" else None
    if seconds is None:
        raise ValueError(f"{text!r} is not a duration; write a number with its unit, such as 30s or 1m30s")
    if seconds * 1e9 > _MOST:
        raise ValueError(f"{text!r} is longer than 292 years; write a shorter time, such as 24h")
    return seconds


def duration_text(seconds: float) -> str:
    """Return a duration as nginx and Traefik read it, without fractions: ``500ms``, ``90s``."""
    milliseconds = round(seconds * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def parse_size(text: object) -> int:
    """Return the bytes of a Compose size such as ``512m``.

    :raises ValueError: if *text* is not such a size.
    """
    size = units.size(text)
    if size is None or isinstance(text, float):
        raise ValueError(f"{text!r} is not a size; write a number with its unit, such as 512m or 2g")
    if size > _MOST:
        raise ValueError(f"{text!r} is more than 8 million terabytes; write a smaller size, such as 512m or 2g")
    return int(size)


def size_text(size: int) -> str:
    """Return a number of bytes as Docker shows it: ``16.4 MB``."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
