"""Dependencies: services wait for the right condition, and every name is declared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...compose_reader.source_positions import KeyPath
from ..rule_registry import Problem, StackProblem, service_rule, stack_rule
from ..spelling import Suggestions
from ..stack import Service, Stack
from . import health

_REFERENCE = "Compose specification, services, depends_on"


def _dependencies(service: Service) -> Iterator[tuple[str, str, bool]]:
    """Yield for each dependency its name, its condition, and whether it is required."""
    for name, entry in service.mapping("depends_on").items():
        options = entry if isinstance(entry, dict) else {}
        yield name, str(options.get("condition") or "service_started"), options.get("required") is not False


@service_rule(
    "iwww",
    "compose-auditor:DEP001",
    id="SLP010",
    title="A service waits until a dependency with a health check is healthy",
    reason="`service_started` does not wait until a database accepts connections, so the first start can fail.",
    fix="Write `depends_on: {NAME: {condition: service_healthy}}`.",
    reference=_REFERENCE,
)
def only_started(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `service_started`, or the short syntax, for a dependency with a health check."""
    for name, condition, _required in _dependencies(service):
        other = stack.services.get(name)
        if other and condition == "service_started" and health.command(other) and not health.is_disabled(other):
            yield f"waits only until {name!r} has started, although {name!r} has a health check", ("depends_on", name)


@stack_rule(
    "eeee",
    id="SLP011",
    title="Every name that a service uses is declared",
    reason="Compose refuses the whole stack if one name is not declared.",
    fix="Declare the name, or correct it.",
    reference="Compose specification, top-level elements",
)
def undeclared(stack: Stack) -> Iterator[StackProblem]:
    """Find services, volumes, networks, secrets and configs that are used but not declared."""
    suggestions = Suggestions()
    for service in stack.services.values():
        for name, _condition, required in _dependencies(service):
            if required and name not in stack.services:
                hint = suggestions.text(name, stack.services)
                yield service.name, f"depends on {name!r}, which is not a service{hint}", ("depends_on", name)
        for key, path, name in _used_names(service):
            declared = _declared(stack, key)
            # Compose creates the network `default`.
            if name not in declared and "${" not in name and (key, name) != ("networks", "default"):
                hint = suggestions.text(name, declared)
                yield service.name, f"{_VERBS[key]} {name!r}, which is not declared in the top-level {key}{hint}", path


def _declared(stack: Stack, key: str) -> list[str]:
    entries = stack.top.get(key)
    return list(entries) if isinstance(entries, dict) else []


#: Keys of a service with names that the top-level key of the same name declares, and what a service does with them.
_VERBS = {"networks": "uses", "secrets": "uses", "configs": "uses", "volumes": "mounts"}


def _used_names(service: Service) -> Iterator[tuple[str, KeyPath, str]]:
    """Yield the names that the top-level keys must declare: the top-level key, the path in the service, the name."""
    for name in service.mapping("networks"):
        yield "networks", ("networks", name), name
    for key in ("secrets", "configs"):
        for index, item in enumerate(service.items(key)):
            if isinstance(item, dict) and isinstance(item.get("source"), str):
                yield key, (key, index), item["source"]
    for mount in service.mounts:
        if mount.type == "volume" and mount.source:
            yield "volumes", mount.path, mount.source


@stack_rule(
    "eeee",
    id="SLP012",
    title="The dependencies of services have no cycle",
    reason="Compose refuses a dependency cycle, because no service of the cycle can start first.",
    fix="Remove one of the dependencies. Its service must then tolerate that the other one starts later.",
    reference=_REFERENCE,
)
def cycle(stack: Stack) -> Iterator[StackProblem]:
    """Find each cycle once, at the first of its services."""
    done: set[str] = set()
    for start in stack.services:
        # The path from the start to the current service. No recursion: a long chain would exceed Python's limit.
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
                path = [*names[names.index(name) :], name]
                yield name, f"depends on itself: {' -> '.join(path[:8])}", ("depends_on", path[1])
            elif name not in done and name in stack.services:
                trail[name] = None
                branches.append(iter([dependency[0] for dependency in _dependencies(stack.services[name])]))


@service_rule(
    "wwww",
    id="SLP013",
    title="A dependency that must become healthy has a health check",
    reason="Without a health check in the file or in the image, it never becomes healthy and the start fails.",
    fix="Add a `healthcheck` to the dependency.",
    reference=_REFERENCE,
)
def never_healthy(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `service_healthy` for a dependency without a health check in the file."""
    for name, condition, _required in _dependencies(service):
        other = stack.services.get(name)
        if other and condition == "service_healthy" and (not health.command(other) or health.is_disabled(other)):
            yield f"waits until {name!r} is healthy, but {name!r} has no health check", ("depends_on", name)


@service_rule(
    "eeee",
    id="SLP014",
    title="A one-off service that others wait for can end",
    reason="With `restart: always` it restarts forever, and the services that wait for it never start.",
    fix='Set `restart: "no"` or `on-failure` for the one-off service.',
    reference=_REFERENCE,
)
def never_ends(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find one-off services that always restart."""
    if service.name in stack.completion_awaited and service.text("restart") in ("always", "unless-stopped"):
        yield "always restarts, but another service waits until it has completed", ("restart",)


#: The host in a URL, in `HOST:PORT`, and variables whose value is a host.
_URL_HOST = re.compile(r"[a-z][a-z0-9+.-]{0,30}://(?:[^/\s@]{0,200}@)?([\w.-]{1,200})", re.IGNORECASE)
_HOST_PORT = re.compile(r"([\w.-]{1,200}):\d{1,5}")
_HOST_NAME = re.compile(r"(?:.*[_.-])?(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|SERVICE|URL|URI|PGHOST)S?", re.IGNORECASE)


@stack_rule(
    "iiww",
    "compose-auditor:DEP001",
    id="SLP015",
    title="A service waits for the datastores that its variables name",
    reason="Without `depends_on`, Compose starts both at the same time. The service fails at its first start, or loses "
    "the connection when both stop.",
    fix="Add `depends_on: {NAME: {condition: service_healthy}}`.",
    reference=_REFERENCE,
)
def not_awaited(stack: Stack) -> Iterator[StackProblem]:
    """Find datastores of the stack in variables of a service that does not depend on them, not even through others."""
    # A deploy starts services in the order of their needs. A datastore connects to none, even if it shares variables.
    services = () if stack.pinned else stack.services.values()
    direct = {service.name: _awaited(service) for service in services}
    for service in services:
        named: dict[str, str] = {}
        for variable, value in service.variables.items() if not service.is_datastore else ():
            for host in _hosts(variable, value[:1000]):
                if host != service.name and host in stack.services and stack.services[host].is_datastore:
                    named.setdefault(host, variable)
        awaited = _all_awaited(service.name, direct) if named else set()
        for host, variable in named.items():
            if host not in awaited:
                path = ("environment", variable) if variable in service.environment else ("env_file",)
                yield service.name, f"uses {host!r} in {variable} and does not depend on it", path


def _hosts(variable: str, value: str) -> Iterator[str]:
    """Yield the hosts in the value of a variable."""
    yield from _URL_HOST.findall(value)
    if _HOST_NAME.fullmatch(variable):
        yield value
    for part in value.split(","):
        match = _HOST_PORT.fullmatch(part.strip())
        if match:
            yield match[1]


def _awaited(service: Service) -> list[str]:
    """Return the services that must start before *service*."""
    names = [name for name, _condition, _required in _dependencies(service)]
    for key in ("links", "volumes_from"):
        names += [str(item).partition(":")[0] for item in service.items(key)]
    modes = (service.text(key) for key in ("network_mode", "pid", "ipc"))
    return [*names, *(mode.removeprefix("service:") for mode in modes if mode.startswith("service:"))]


def _all_awaited(name: str, direct: Mapping[str, list[str]]) -> set[str]:
    """Return the services that must start before a service, also those that its dependencies wait for."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {other for other in direct.get(waiting.pop(), ()) if other not in found}
        found |= new
        waiting += new
    return found
