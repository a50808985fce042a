"""The last rollouts of all hosts: one chart of time for each, and the requests that the edges answered meanwhile.

Place in the pipeline: from the facts of all hosts to positions in percent of a chart's width. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import audit as audit_log

#: Seconds that the clocks of two hosts may differ by.
_APART = 30.0
#: How high the chart of requests is, in its own units, and how many points it has at most.
HEIGHT, _POINTS = 100, 400
#: The width of a bar that took no time, in percent.
_THINNEST = 0.4

Timelines = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Span:
    """A bar. ``left`` and ``width``: percent. ``seconds``: how long. ``at``: seconds since the rollout began."""

    part: str
    left: float
    width: float
    at: float
    seconds: float


@dataclass(frozen=True)
class Row:
    """The bars of a service on a host, and where it was up, in percent. ``says``: the seconds of each part, as text."""

    host: str
    service: str
    spans: tuple[Span, ...]
    says: str
    up: tuple[float, ...]


@dataclass(frozen=True)
class Requests:
    """Requests in each second: points of two lines in a box of 100 x HEIGHT, ``most`` in a second, and the sums."""

    answered: str
    failed: str
    most: int
    total: int
    failures: int
    left: float
    right: float


@dataclass(frozen=True)
class Rollout:
    """One rollout on all of its hosts. ``start``: seconds of the epoch."""

    release: str
    start: float
    seconds: float
    state: str
    version: str
    owner: str
    said: tuple[str, ...]
    rows: tuple[Row, ...]
    requests: Requests | None


def rollouts(
    timelines: Timelines,
    audits: Mapping[str, Sequence[Mapping[str, Any]]],
    requests: Sequence[Mapping[str, Any]],
    most: int,
) -> list[Rollout]:
    """Return the last rollouts, newest first.

    :param timelines: by host, see ``module_utils/report/timeline.py``.
    :param audits: by host, the lines of the audit log.
    :param requests: of all edges around all rollouts, see ``module_utils/report/requests.py``.
    """
    groups: list[list[tuple[str, Mapping[str, Any]]]] = []
    every = [(host, one) for host, found in timelines.items() for one in found]
    for host, one in sorted(every, key=lambda pair: -pair[1]["start"]):
        group = next((group for group in groups if _is_of(host, one, group)), None)
        if group is None:
            groups.append([(host, one)])
        else:
            group.append((host, one))
    lines = [line for found in audits.values() for line in found]
    return [_rollout(group, lines, requests) for group in groups[:most]]


def _is_of(host: str, one: Mapping[str, Any], group: Sequence[tuple[str, Mapping[str, Any]]]) -> bool:
    """Return whether a rollout of a host is a part of the rollout of others: at the same time, of the same release."""
    if any(other == host or part["release"] != one["release"] for other, part in group):
        return False
    return any(one["start"] < part["end"] + _APART and part["start"] < one["end"] + _APART for _host, part in group)


def _rollout(
    group: Sequence[tuple[str, Mapping[str, Any]]],
    lines: Iterable[Mapping[str, Any]],
    requests: Iterable[Mapping[str, Any]],
) -> Rollout:
    start = min(one["start"] for _host, one in group)
    end = max(max(one["end"] for _host, one in group), start + 0.1)
    states = [one["state"] for _host, one in group]
    state = next((worst for worst in ("failed", "interrupted") if worst in states), "done")
    release = group[0][1]["release"]
    line = min((one for one in lines if one["release"] == release), key=lambda one: _apart(one, end), default={})
    said = dict.fromkeys(sentence for _host, one in group for sentence in one["said"])
    return Rollout(
        release,
        start,
        end - start,
        state,
        str(line.get("version", "")),
        str(line.get("owner", "")),
        tuple(said),
        tuple(row for host, one in group for row in _rows(host, one, start, end)),
        _requests([one for one in requests if int(start) in _seconds(one)], start, end),
    )


def _apart(line: Mapping[str, Any], end: float) -> float:
    """Return how many seconds before or after *end* a line of the audit log was written."""
    try:
        return abs(audit_log.seconds(line["at"]) - end)
    except ValueError:
        return math.inf


def _rows(host: str, one: Mapping[str, Any], start: float, end: float) -> list[Row]:
    def percent(at: float) -> float:
        return round(100 * min(max(at - start, 0.0) / (end - start), 1.0), 2)

    services = dict.fromkeys([*(drawn["service"] for drawn in one["bars"]), *(up["service"] for up in one["up"])])
    result = []
    # What is about no single service comes first.
    for service in sorted(services, key=lambda service: service != ""):
        bars = [drawn for drawn in one["bars"] if drawn["service"] == service]
        spans = tuple(_span(drawn, start, percent(drawn["start"]), percent(drawn["end"])) for drawn in bars)
        up = tuple(percent(up["at"]) for up in one["up"] if up["service"] == service)
        result.append(Row(host, service or "the whole release", spans, _says(spans), up))
    return result


def _span(drawn: Mapping[str, Any], start: float, left: float, right: float) -> Span:
    seconds = round(drawn["end"] - drawn["start"], 1)
    return Span(drawn["part"], left, max(round(right - left, 2), _THINNEST), round(drawn["start"] - start, 1), seconds)


def _says(spans: Iterable[Span]) -> str:
    """Return how long each part took, all of its bars together. What took no time is left out."""
    sums: dict[str, float] = {}
    for span in spans:
        sums[span.part] = sums.get(span.part, 0.0) + span.seconds
    return ", ".join(f"{part} {seconds:.1f} s" for part, seconds in sums.items() if seconds >= 0.1)


def _seconds(window: Mapping[str, Any]) -> range:
    return range(window["start"], window["start"] + len(window["answered"]))


def _requests(found: Sequence[Mapping[str, Any]], start: float, end: float) -> Requests | None:
    """Return the requests of all hosts together; ``None`` if there were none."""
    if not found:
        return None
    first = min(one["start"] for one in found)
    length = max(one["start"] + len(one["answered"]) for one in found) - first
    answered, failed = [0] * length, [0] * length
    for one in found:
        for offset, (good, bad) in enumerate(zip(one["answered"], one["failed"], strict=True)):
            answered[one["start"] - first + offset] += good
            failed[one["start"] - first + offset] += bad
    most = max(good + bad for good, bad in zip(answered, failed, strict=True))
    if not most:
        return None
    return Requests(
        _points(answered, most),
        _points(failed, most),
        most,
        sum(answered) + sum(failed),
        sum(failed),
        round(100 * (start - first) / length, 2),
        round(100 * min((end - first) / length, 1.0), 2),
    )


def _points(values: Sequence[int], most: int) -> str:
    """Return the points of a line. Of several seconds at one point, the highest value counts."""
    step = max(1, -(-len(values) // _POINTS))
    highest = [max(values[place : place + step]) for place in range(0, len(values), step)]
    return " ".join(
        f"{100 * place / max(len(highest) - 1, 1):.2f},{HEIGHT - HEIGHT * value / most:.1f}"
        for place, value in enumerate(highest)
    )
