"""What services of a team's files refer to: other services, networks, volumes, secrets and configs. Each must exist.

Place in the pipeline: compose_files, in the checks before the translation. Pure. The rules are those that
Compose checks once it has read its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.reading import Document
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import (
    Map,
    Mark,
    mark_at,
    mark_of,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion

#: Keys with a mode such as ``service:web``.
_NAMESPACES = ("network_mode", "ipc", "pid", "uts")


def check(document: Document, name: str, problems: Problems) -> None:
    """Add a problem for each thing that a service refers to and that the files do not have."""
    service = document.services[name]
    mark = document.services.marks.get(name)
    for key, other, position in _services_of(service):
        if other not in document.services and not locations.unset_in(other):
            others = [one for one in document.services if one != name]
            message = f"there is no service {other!r}, or its profile is not active{suggestion(other, others)}"
            problems.add(position or mark, service_key(name, key), message)
    for key, entries in (
        ("secrets", _sources(service.get("secrets"))),
        ("configs", _sources(service.get("configs"))),
        ("networks", [(entry, None) for entry in mapping(service.get("networks"))]),
        ("volumes", _volumes(service)),
    ):
        _check_declared(document, name, service, key, key, entries, problems)
    build = mapping(service.get("build"))
    _check_declared(document, name, service, "build.secrets", "secrets", _sources(build.get("secrets")), problems)
    _check_contexts(document, name, build, problems)


def _services_of(service: Map) -> Iterator[tuple[str, str, Mark | None]]:
    """Yield each key that names a service, the service, and where it is named."""
    needs = mapping(service.get("depends_on"))
    for other, need in needs.items():
        if mapping(need).get("required", True) is not False:
            yield "depends_on", other, mark_of(needs, other) or mark_of(service, "depends_on")
    for key in _NAMESPACES:
        kind, _colon, other = str(service.get(key) or "").partition(":")
        if kind == "service":
            yield key, other, mark_of(service, key)
    for key in ("links", "volumes_from"):
        for index, entry in enumerate(_list(service.get(key))):
            other, _colon, alias = str(entry).partition(":")
            # Of a link with two aliases, Compose takes all as the name of the service.
            other = str(entry) if key == "links" and ":" in alias else other
            if not (key == "volumes_from" and str(entry).startswith("container:")):
                yield key, other, mark_of(service[key], index) or mark_of(service, key)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _sources(entries: Any) -> list[tuple[str, Mark | None]]:
    """Return the names of the secrets or configs that are used, each with its position."""
    return [
        (str(mapping(entry).get("source") or "") if isinstance(entry, Map) else str(entry), mark_of(entries, index))
        for index, entry in enumerate(_list(entries))
    ]


def _volumes(service: Map) -> list[tuple[str, Mark | None]]:
    entries = _list(service.get("volumes"))
    return [
        (str(entry["source"]), mark_of(entries, index))
        for index, entry in enumerate(entries)
        if isinstance(entry, Map) and entry.get("type") == "volume" and entry.get("source")
    ]


def _check_declared(
    document: Document,
    name: str,
    service: Map,
    key: str,
    section: str,
    used: Iterable[tuple[str, Mark | None]],
    problems: Problems,
) -> None:
    """Check that what a service uses under *key* is declared in a *section* of the files."""
    declared = list(mapping(document.top.get(section)))
    for entry, mark in used:
        if entry in declared or (section == "networks" and entry == "default") or locations.unset_in(entry):
            continue
        added = f"'{entry}: {{}}'" if section in ("networks", "volumes") else "it"
        message = f"{entry!r} is not declared{suggestion(entry, declared)}; add {added} to the file's '{section}'"
        if not entry:
            message = f"an entry has no 'source'; name one of the file's '{section}'"
        problems.add(mark or mark_at(service, tuple(key.split("."))), service_key(name, key), message)


def _check_contexts(document: Document, name: str, build: Map, problems: Problems) -> None:
    """Check that each further build context that is a service exists, and is built."""
    contexts = mapping(build.get("additional_contexts"))
    for context, source in contexts.items():
        kind, _colon, other = str(source).partition(":")
        if kind == "service" and not mapping(document.services.get(other)).get("build"):
            reason = "is not built" if other in document.services else "does not exist, or its profile is not active"
            message = f"the context {context!r} is the service {other!r}, which {reason}"
            position = mark_of(contexts, context) or mark_of(build, "additional_contexts")
            problems.add(position, service_key(name, "build.additional_contexts"), message)


def check_circles(document: Document, problems: Problems) -> None:
    """Add a problem for each circle of services that depend on each other."""
    services = document.services
    finished: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        for key, other, position in _services_of(services[name]):
            if other in path:
                circle = " -> ".join((*path[path.index(other) :], other))
                message = f"is part of a circle of dependencies: {circle}; remove one of them"
                problems.add(position or services.marks.get(name), service_key(name, key), message)
            elif other in services and other not in finished:
                visit(other, (*path, other))
        finished.add(name)

    for name in services:
        if name not in finished:
            visit(name, (name,))
