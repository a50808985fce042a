"""The drawing of a stack: its services in columns, from the edge to the data, and who reaches whom.

Place in the pipeline: from the facts of all hosts to boxes and lines with coordinates, in pixels. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Measures of the drawing.
BOX_WIDTH, BOX_HEIGHT, COLUMN_GAP, ROW_GAP, MARGIN = 208, 66, 72, 18, 12
#: The longest texts in a box, in characters.
_NAME, _DETAIL = 24, 32


@dataclass(frozen=True)
class Box:
    """A service. ``state``: ``up``, ``waiting``, ``down``, the worst of all hosts. ``lines``: texts below its name."""

    name: str
    state: str
    x: int
    y: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """From a service to one that it needs, as the path of an SVG."""

    path: str


@dataclass(frozen=True)
class Drawing:
    """The whole: ``width`` and ``height`` in pixels, and one sentence for each line, for those who do not see it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    sentences: tuple[str, ...]


def draw(hosts: Mapping[str, Sequence[Mapping[str, Any]]], states: Mapping[str, str]) -> Drawing:
    """Return the drawing of a stack.

    :param hosts: by host, its services, see ``module_utils/report/topology.py``.
    :param states: the worst state of each service.
    """
    services: dict[str, Mapping[str, Any]] = {}
    places: dict[str, list[str]] = {}
    needs: dict[str, set[str]] = {}
    for host, found in hosts.items():
        for service in found:
            name = service["name"]
            # An inner edge has the name of the edge; what it is, the edge says.
            if name not in services or services[name]["inner"]:
                services[name] = service
            places.setdefault(name, []).append(host)
            others = {*service["needs"], *(one["service"] for one in service["elsewhere"])}
            needs.setdefault(name, set()).update(others)
    known = {name: sorted(needs[name] & set(services) - {name}) for name in services}
    columns = _columns(known, {name for name, service in services.items() if service["edge"]})
    positions = {
        name: (MARGIN + column * (BOX_WIDTH + COLUMN_GAP), MARGIN + row * (BOX_HEIGHT + ROW_GAP))
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    boxes = tuple(
        Box(short(name, _NAME), states.get(name, "down"), x, y, _lines(services[name], places[name], len(hosts)))
        for name, (x, y) in positions.items()
    )
    lines = tuple(Line(_path(positions[name], positions[other])) for name in positions for other in known[name])
    sentences = tuple(f"{name} needs {', '.join(known[name])}" for name in positions if known[name])
    most = max((len(names) for names in columns), default=0)
    width = 2 * MARGIN + len(columns) * BOX_WIDTH + max(len(columns) - 1, 0) * COLUMN_GAP
    return Drawing(width, 2 * MARGIN + most * (BOX_HEIGHT + ROW_GAP) - ROW_GAP, boxes, lines, sentences)


def _columns(needs: Mapping[str, Sequence[str]], first: Collection[str]) -> list[list[str]]:
    """Return the services by column: each is to the right of all that need it. A circle does not make it endless.

    :param first: services that stay in the first column, if nobody needs them.
    """
    depth = dict.fromkeys(needs, 0)
    for _round in needs:
        deeper = {
            other: depth[name] + 1 for name, others in needs.items() for other in others if depth[other] <= depth[name]
        }
        if not deeper:
            break
        depth.update(deeper)
    needed = {other for others in needs.values() for other in others}
    for name, others in needs.items():
        # What nobody needs stands next to what it needs itself. An edge is left of everything.
        if name not in needed and others and name not in first:
            depth[name] = max(min(depth[other] for other in others) - 1, 0)
    used = sorted(set(depth.values()))
    return [[name for name in needs if depth[name] == column] for column in used]


def _lines(service: Mapping[str, Any], places: Sequence[str], hosts: int) -> tuple[str, ...]:
    image = str(service["image"]).rpartition("/")[2].partition("@")[0]
    several = f"{service['replicas']} x " if service["replicas"] > 1 else ""
    where = f"on {', '.join(places)}" if len(places) < hosts else ""
    ports = f"port {', '.join(service['ports'])}" if service["ports"] else ""
    details = [f"{several}{service['kind']}, {image}", ports or where or ", ".join(service["volumes"])]
    return tuple(short(line, _DETAIL) for line in details if line)


def short(text: str, most: int) -> str:
    """Return *text*, cut if it has more than *most* characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _path(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return a curve from the right side of one box to the left side of another one."""
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT // 2
    bend = max((x2 - x1) // 2, COLUMN_GAP // 2)
    return f"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}"
