"""A moment that a person names, for a restore to it.

Place in the pipeline: target, before a restore to a point in time. Pure.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[ T](?P<minutes>\d{2}:\d{2})(:(?P<seconds>\d{2})(\.(?P<fraction>\d{1,6}))?)?"
    r"\s*(?P<zone>Z|UTC|(?P<hours_east>[+-]\d{2})(:?(?P<minutes_east>\d{2}))?)?"
)
_EXAMPLE = "'2026-11-26 08:15:00+00'"


def parse(text: str) -> datetime:
    """Return the moment of a text such as ``2026-11-26 08:15:00+00``, in UTC.

    :raises ValueError: if it is no such text, or has no time zone.
    """
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no time such as {_EXAMPLE}")
    if not found["zone"]:
        raise ValueError(f"{text!r} has no time zone; add it: {text.strip() + '+00'!r} is the time in UTC")
    seconds = f"{found['seconds'] or '00'}.{(found['fraction'] or '').ljust(6, '0')}"
    zone = f"{found['hours_east'] or '+00'}:{found['minutes_east'] or '00'}"
    try:
        return datetime.fromisoformat(f"{found['date']}T{found['minutes']}:{seconds}{zone}").astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time such as {_EXAMPLE}: {error}") from None


def show(seconds: float) -> str:
    """Return seconds of the epoch as the text of a moment, to the second before: ``2026-11-26 08:15:00+00``."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%d %H:%M:%S+00")


def exact(moment: datetime) -> str:
    """Return a moment in UTC as Postgres reads it, to the microsecond."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f+00")
