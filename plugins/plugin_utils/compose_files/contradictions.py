"""Keys of a team's files that contradict each other, and values that are incomplete together: Compose refuses them.

Place in the pipeline: compose_files, in the checks before the translation. Pure. The rules are those that
Compose checks once it has read its files. Each check yields the path of a key, and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import scalar_types, units
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.reading import Document
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import KeyPath, Map, mark_at
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.value_types import shown

_Found = Iterator[tuple[KeyPath, str]]
_TRUE = ("true", "y", "yes", "on")
#: What may hold the content of a secret or a config.
_CONTENTS = {"secrets": ("file", "environment"), "configs": ("file", "environment", "content")}


def check_service(document: Document, name: str, problems: Problems) -> None:
    """Add each contradiction in a service to *problems*."""
    service = document.services[name]
    for one in (_build, _network, _replicas, _limits, _health, _devices, _watched, _ports):
        for path, message in one(service):
            position = mark_at(service, path) or document.services.marks.get(name)
            problems.add(position, service_key(name, shown(path)), message)


def check_top(document: Document, problems: Problems) -> None:
    """Add each contradiction in the networks, volumes, secrets and configs of the files to *problems*."""
    for section in ("secrets", "configs", "volumes", "networks"):
        for name, spec in mapping(document.top.get(section)).items():
            for path, message in _resource(section, mapping(spec)):
                whole = (section, name, *path)
                problems.add(mark_at(document.top, whole), f"key {shown(whole)!r}", message)


def _build(service: Map) -> _Found:
    build = mapping(service.get("build"))
    if build.get("context") == "":
        # Compose takes it, and then has no directory to build from.
        yield ("build", "context"), "names no directory; write '.' for that of the file"
    if build.get("dockerfile") and build.get("dockerfile_inline"):
        yield ("build", "dockerfile_inline"), "a build has this key or 'dockerfile'; remove one of them"
    platform, platforms = service.get("platform"), _list(build.get("platforms"))
    if platform and platforms and platform not in platforms:
        yield ("build", "platforms"), f"does not have the platform of the service, {platform!r}; add it"


def _network(service: Map) -> _Found:
    mode, networks = service.get("network_mode"), mapping(service.get("networks"))
    if mode and networks:
        joined = ", ".join(networks)
        yield ("network_mode",), f"{mode!r} excludes 'networks' ({joined}); remove one of the two"


def _replicas(service: Map) -> _Found:
    in_deploy = mapping(service.get("deploy")).get("replicas")
    scale = service.get("scale")
    if _differ(scale, in_deploy, units.decimal):
        yield ("scale",), f"is {scale}, but 'deploy.replicas' is {in_deploy}; remove one of the two"
    replicas = units.decimal(scale if scale is not None else in_deploy) or 1
    if service.get("container_name") and replicas > 1:
        key = "scale" if scale is not None else "deploy.replicas"
        yield ("container_name",), f"a name can be used once, but {key!r} is {replicas:.0f}; remove the name"


#: Limits that have two keys: the key of the service, the one under ``deploy.resources``, and how their values are read.
_LIMITS: tuple[tuple[str, tuple[str, str], Callable[[Any], float | None]], ...] = (
    ("cpus", ("limits", "cpus"), units.decimal),
    ("mem_limit", ("limits", "memory"), units.size),
    ("mem_reservation", ("reservations", "memory"), units.size),
    ("pids_limit", ("limits", "pids"), units.decimal),
)


def _limits(service: Map) -> _Found:
    resources = mapping(mapping(service.get("deploy")).get("resources"))
    for key, (section, name), read in _LIMITS:
        own, other = service.get(key), mapping(resources.get(section)).get(name, 0)
        if isinstance(resources.get(section), Map) and read(own) and _differ(own, other, read):
            described = f"is {other}" if other else "is missing"
            both = f"deploy.resources.{section}.{name}"
            yield (key,), f"is {own}, but {both!r} {described}; write the same value, or remove {key!r}"


def _differ(left: Any, right: Any, read: Callable[[Any], float | None]) -> bool:
    values = read(left), read(right)
    return None not in values and values[0] != values[1]


def _health(service: Map) -> _Found:
    test = mapping(service.get("healthcheck")).get("test")
    if isinstance(test, list) and test and test[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield (
            ("healthcheck", "test"),
            "a list starts with CMD, CMD-SHELL or NONE; write the command as a text, or add one",
        )


def _devices(service: Map) -> _Found:
    reservations = ("deploy", "resources", "reservations", "devices")
    requests = service.get("gpus"), _at(service, reservations)
    for path, entries in zip((("gpus",), reservations), requests, strict=True):
        for index, entry in enumerate(_list(entries)):
            if {"count", "device_ids"} <= set(mapping(entry)):
                yield (*path, index, "count"), "excludes 'device_ids'; remove one of the two"
    for index, entry in enumerate(_list(service.get("devices"))):
        if isinstance(entry, str) and entry.count(":") > 2:
            yield ("devices", index), f"{entry!r} has more than a path, a path in the container and permissions"
        elif isinstance(entry, Map) and "target" not in entry:
            yield ("devices", index), "an entry has no 'target'; name the path in the container"


def _watched(service: Map) -> _Found:
    for index, entry in enumerate(_list(_at(service, ("develop", "watch")))):
        action = mapping(entry).get("action")
        if not mapping(entry).get("path"):
            yield ("develop", "watch", index, "path"), "is empty; name a file or a directory"
        elif action not in ("rebuild", "restart") and not mapping(entry).get("target"):
            yield ("develop", "watch", index), f"the action {action!r} needs a 'target', the path in the container"


def _ports(service: Map) -> _Found:
    for index, entry in enumerate(_list(service.get("ports"))):
        published = str(mapping(entry).get("published") or "")
        if published and not scalar_types.is_port_range(published):
            yield ("ports", index), f"{published!r} is no port of the host, and no range of ports"


def _resource(section: str, spec: Map) -> _Found:
    external = spec.get("external")
    is_external = isinstance(external, Map) or str(external).lower() in _TRUE
    if isinstance(external, Map) and spec.get("name") and external.get("name") not in (None, spec["name"]):
        yield ("external", "name"), f"is {external['name']!r}, but 'name' is {spec['name']!r}; use 'name' alone"
    if section == "volumes" and is_external:
        for key in spec:
            if key not in ("name", "external") and not key.startswith("x-"):
                yield (key,), "does not go with 'external': the volume exists already; remove one of the two"
    if section in _CONTENTS:
        yield from _content(section, spec, is_external)


def _content(section: str, spec: Map, is_external: bool) -> _Found:
    keys = _CONTENTS[section]
    given = [key for key in keys if key in spec]
    listed = f"{', '.join(map(repr, keys[:-1]))} or {keys[-1]!r}"
    if len(given) > 1:
        yield (given[1],), f"excludes {given[0]!r}; keep one of {listed}"
    elif not given and not is_external:
        yield (), f"has no content; add {listed}"


def _at(value: Any, path: KeyPath) -> Any:
    for key in path:
        value = mapping(value).get(key)
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
