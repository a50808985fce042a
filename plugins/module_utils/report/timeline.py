"""The rollouts in a journal as bars of time: which service, which part, from when to when.

Place in the pipeline: target, read-only, for the report. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: The parts that a bar is drawn for, by their name in the journal.
PARTS = {
    "pull": "pull",
    "backup": "backup",
    "job": "release job",
    "create": "create",
    "start": "start",
    "test": "test of the edge",
    "canary": "canary",
    "reload": "switch",
    "drain": "drain",
    "verify": "verify",
    "stop": "stop",
    "wait": "wait for other hosts",
}
#: So many records of one rollout are read. A rollout of a hundred services has some five hundred.
MAX_RECORDS = 5000

Record = Mapping[str, Any]


@dataclass
class Bar:
    """A part of a rollout. ``start`` and ``end`` are seconds of the epoch; ``service`` is empty for all of them."""

    service: str
    part: str
    start: float
    end: float

    def data(self) -> dict[str, Any]:
        """Return the bar as plain values."""
        return {"service": self.service, "part": PARTS[self.part], "start": self.start, "end": self.end}


@dataclass
class Timeline:
    """One rollout: its bars, the moments at which a service was up, and what was said when it failed."""

    release: str
    start: float
    end: float = 0.0
    state: str = "interrupted"
    bars: list[Bar] = field(default_factory=list)
    up: list[tuple[str, float]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """Return ``{release, start, end, state, bars, up, said}`` as plain values.

        ``state``: ``done``, ``failed``, or ``interrupted`` if the journal does not have the end. ``up``: ``{service,
        at}``. ``said``: the sentences of records that failed.
        """
        return {
            "release": self.release,
            "start": self.start,
            "end": self.end,
            "state": self.state,
            "bars": [drawn.data() for drawn in self.bars],
            "up": [{"service": service, "at": at} for service, at in self.up],
            "said": self.said,
        }


def timelines(records: Iterable[Record], most: int) -> list[dict[str, Any]]:
    """Return the last *most* rollouts in the *records* of a journal, newest first, see :meth:`Timeline.data`."""
    found = [_timeline(rollout) for rollout in _rollouts(records)]
    return [one.data() for one in found[::-1][:most]]


def _rollouts(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield the records of each rollout. One that was killed has no end: the next one begins its own time."""
    current: list[Record] = []
    for record in records:
        if not isinstance(record.get("at"), (int, float)):
            # From before records had a time of day.
            continue
        if current and (record["release"] != current[-1]["release"] or record["elapsed"] < current[-1]["elapsed"]):
            yield current
            current = []
        if len(current) < MAX_RECORDS or record["step"] == "end":
            current.append(record)
        if record["step"] == "end":
            yield current
            current = []
    if current:
        yield current


def _timeline(records: Sequence[Record]) -> Timeline:
    first, last = records[0], records[-1]
    result = Timeline(first["release"], first["at"] - first["elapsed"], last["at"])
    if last["step"] == "end":
        result.state = last["state"]
    open_bars: dict[tuple[str, str, str], Bar] = {}
    #: The services that the next part without a service is about.
    named: list[str] = []
    for record in records:
        service, part, state = record["service"] or "", record["part"], record["state"]
        if state == "failed" and record["text"]:
            result.said.append(record["text"])
        if part is None and service and state == "started":
            named.append(service)
        if part is None and service and state == "done":
            result.up += [(service, record["at"])] if record["text"].endswith("healthy") else []
        if part not in PARTS:
            continue
        key = (record["step"], part, service)
        if state in ("started", "waiting"):
            open_bars[key] = Bar(service, part, record["at"], last["at"])
        elif key in open_bars:
            drawn = open_bars.pop(key)
            drawn.end = record["at"]
            result.bars += _of_services(drawn, result.up, named)
            named = []
    # What had not ended when the rollout did.
    result.bars += open_bars.values()
    result.bars.sort(key=lambda drawn: drawn.start)
    return result


def _of_services(drawn: Bar, up: Sequence[tuple[str, float]], named: Sequence[str]) -> list[Bar]:
    """Return the bar of a part of all services as one bar for each service that it is known to be about."""
    if drawn.service:
        return [drawn]
    if drawn.part == "start":
        healthy = [(service, at) for service, at in up if drawn.start <= at <= drawn.end]
        return [Bar(service, drawn.part, drawn.start, at) for service, at in healthy] or [drawn]
    if drawn.part == "stop" and named:
        return [Bar(service, drawn.part, drawn.start, drawn.end) for service in named]
    return [drawn]
