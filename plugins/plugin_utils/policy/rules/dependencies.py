"""What services wait for, and that whatever they name is there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from ..registry import Problem, StackProblem, service_rule, stack_rule
from ..stack import Service, Stack
from . import health

_REFERENCE = "Compose specification, services, depends_on"
#: What a service may name, and the top-level key that has to have it; `default` is made by Compose.
_DECLARED = (("networks", "networks"), ("secrets", "secrets"), ("configs", "configs"))


def _needs(service: Service) -> Iterator[tuple[str, str, bool]]:
    """Yield for each dependency its name, its condition, and whether it has to be there."""
    for name, need in service.mapping("depends_on").items():
        options = need if isinstance(need, dict) else {}
        yield name, str(options.get("condition") or "service_started"), options.get("required") is not False


@service_rule(
    "iwww",
    "compose-auditor:DEP001",
    id="SLP010",
    title="A dependency with a health check is waited for until it is healthy",
    reason="`service_started` is over before a database accepts connections, so the first start is a race.",
    fix="Write `depends_on: {NAME: {condition: service_healthy}}`.",
    reference=_REFERENCE,
)
def only_started(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `service_started`, or the short notation, on a service that could be waited for."""
    for name, condition, _required in _needs(service):
        other = stack.services.get(name)
        if other and condition == "service_started" and health.command(other) and not health.switched_off(other):
            yield f"waits for {name!r} to be started only, although that has a health check", ("depends_on", name)


@service_rule(
    "eeee",
    id="SLP011",
    title="Whatever a service names is there",
    reason="Compose refuses the whole stack because of one name that is not declared.",
    fix="Declare it, or correct the name.",
    reference="Compose specification, top-level elements",
)
def undeclared(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services, volumes, networks, secrets and configs that are named and not declared."""
    for name, _condition, required in _needs(service):
        if required and name not in stack.services:
            yield f"depends on {name!r}, which is no service{_near(name, stack.services)}", ("depends_on", name)
    for key, top in _DECLARED:
        declared = stack.top.get(top)
        known = set(declared) if isinstance(declared, dict) else set()
        for position, name in _names(service, key):
            if name not in known and name != "default" and "${" not in name:
                yield f"names {name!r}, which is not among the top-level {top}{_near(name, known)}", (key, position)
    declared = stack.top.get("volumes")
    known = set(declared) if isinstance(declared, dict) else set()
    for mount in service.mounts:
        if mount.type == "volume" and mount.source and mount.source not in known and "${" not in mount.source:
            yield (
                (
                    f"mounts the volume {mount.source!r}, which is not among the top-level volumes"
                    f"{_near(mount.source, known)}"
                ),
                mount.path,
            )


def _names(service: Service, key: str) -> Iterator[tuple[object, str]]:
    if key == "networks":
        yield from ((name, name) for name in service.mapping(key))
        return
    for index, item in enumerate(service.items(key)):
        if isinstance(item, dict) and isinstance(item.get("source"), str):
            yield index, item["source"]


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known)[:200], n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


@stack_rule(
    "eeee",
    id="SLP012",
    title="Services do not wait for each other in a circle",
    reason="Compose refuses a circle, since none of its services could be the first.",
    fix="Take one of the dependencies away; the application has to live with the other coming later.",
    reference=_REFERENCE,
)
def circle(stack: Stack) -> Iterator[StackProblem]:
    """Find each circle once, at the first of its services."""
    done: set[str] = set()
    for start in stack.services:
        trail: dict[str, None] = {}
        branches = [iter([start])]
        while branches:
            name = next(branches[-1], None)
            if name is None:
                branches.pop()
                if trail:
                    done.add(trail.popitem()[0])
            elif name in trail:
                names = list(trail)
                way = [*names[names.index(name) :], name]
                yield name, f"waits for itself: {' -> '.join(way[:8])}", ("depends_on", way[1])
            elif name not in done and name in stack.services:
                trail[name] = None
                branches.append(iter([need[0] for need in _needs(stack.services[name])]))


@service_rule(
    "wwww",
    id="SLP013",
    title="A service that is waited for until it is healthy has a health check",
    reason="Without one, in the file or in the image, it never becomes healthy and the start fails.",
    fix="Give the other service a `healthcheck`.",
    reference=_REFERENCE,
)
def never_healthy(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `service_healthy` on a service that shows no check."""
    for name, condition, _required in _needs(service):
        other = stack.services.get(name)
        if other and condition == "service_healthy" and (not health.command(other) or health.switched_off(other)):
            yield f"waits until {name!r} is healthy, and that has no health check", ("depends_on", name)


@service_rule(
    "eeee",
    id="SLP014",
    title="A service that is waited for until it has ended can end",
    reason="`restart: always` starts it again for ever, and whoever waits for its end waits for ever too.",
    fix='Set `restart: "no"`, or `on-failure`, on the one-shot service.',
    reference=_REFERENCE,
)
def never_ends(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find jobs that are started again whatever happens."""
    if service.name in stack.finishing and service.text("restart") in ("always", "unless-stopped"):
        yield "is waited for until it has ended, and is always started again", ("restart",)
