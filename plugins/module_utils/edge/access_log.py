"""One line of the edge's access log: when, with which status, and which container has answered in which time.

Place in the pipeline: target, for the report and a canary. Pure. Applications and clients choose parts of the lines.
"""

from __future__ import annotations

import calendar
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")
#: nginx names everybody it has asked, between commas, and between colons if an answer led to another place.
_SEVERAL = re.compile(r", | : ")


@dataclass(frozen=True)
class Answer:
    """One answered request. ``second``: of the epoch.

    ``upstream``: who has answered as the proxy names it, ``ADDRESS:PORT`` or ``CONTAINER:PORT``; empty if the proxy
    itself has. ``seconds``: from the request to the upstream to its answer; ``None`` if that is not in the line.
    """

    second: int
    status: int
    upstream: str = ""
    seconds: float | None = None


def parse(line: str) -> Answer | None:
    """Return the request of a line of nginx or Traefik; ``None`` if the line is about something else."""
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    status = next((entry[key] for key in ("status", "DownstreamStatus") if isinstance(entry.get(key), int)), None)
    second = _second(entry.get("time"))
    if status is None or second is None:
        return None
    return Answer(second, status, *(_of_nginx(entry) if "upstream" in entry else _of_traefik(entry)))


def _of_nginx(entry: Mapping[str, Any]) -> tuple[str, float | None]:
    upstream = _SEVERAL.split(str(entry["upstream"]))[-1]
    try:
        return upstream, float(_SEVERAL.split(str(entry.get("upstream_seconds")))[-1])
    except ValueError:
        return upstream, None


def _of_traefik(entry: Mapping[str, Any]) -> tuple[str, float | None]:
    nanoseconds = entry.get("OriginDuration")
    seconds = nanoseconds / 1e9 if isinstance(nanoseconds, (int, float)) else None
    return str(entry.get("ServiceAddr") or ""), seconds


def _second(text: object) -> int | None:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    try:
        second = calendar.timegm(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None
    if found[2] == "Z":
        return second
    hours, minutes = found[2][1:].split(":")
    return second - (1 if found[2][0] == "+" else -1) * (int(hours) * 3600 + int(minutes) * 60)
