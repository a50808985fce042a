"""Read the engine's event log: which containers ran at the same time. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"


def max_concurrent(lines: Iterable[str], service: str) -> int:
    """Return the largest number of containers of a service that ran at the same time.

    :param lines: events `start` and `die` as JSON, since the first container.
    """
    running: set[str] = set()
    most = 0
    for event in sorted((json.loads(line) for line in lines if line.strip()), key=lambda one: one["timeNano"]):
        labels = event["Actor"]["Attributes"]
        if labels.get(SERVICE) != service or labels.get(ONE_OFF) == "True":
            continue
        if event["Action"] == "start":
            running.add(event["Actor"]["ID"])
        else:
            running.discard(event["Actor"]["ID"])
        most = max(most, len(running))
    return most
