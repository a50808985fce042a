"""Syntax: values that YAML reads differently than meant, and keys that Compose ignores or refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...compose_reader.source_positions import KeyPath, mark_of
from ...compose_reader.value_types import SERVICE, shown, unknown_keys
from ..rule_registry import Problem, StackProblem, service_rule, stack_rule
from ..spelling import Suggestions
from ..stack import Service, Stack

_YAML = "YAML 1.1 and 1.2, resolution of scalars"
_OBSOLETE_KEYS = {
    "links": "services reach each other by name",
    "external_links": "use an external network",
    "volumes_from": "name the volume in both services",
}
_BASE_60 = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


@stack_rule(
    "iiii",
    "dclint:no-version-field",
    id="SLP140",
    title="No key is obsolete",
    reason="Compose ignores `version` and prints a warning. Networks and volumes have replaced `links` and "
    "`volumes_from`.",
    fix="Remove the key.",
    reference="Compose specification, top-level element version",
)
def obsolete(stack: Stack) -> Iterator[StackProblem]:
    """Find `version`, and keys that networks and volumes have replaced."""
    if "version" in stack.top:
        yield "", "has the obsolete key 'version'", ("version",)
    for service in stack.services.values():
        for key, instead in _OBSOLETE_KEYS.items():
            if service.keys.get(key):
                yield service.name, f"has the obsolete key {key!r}; {instead}", (key,)


@service_rule(
    "wwww",
    "dclint:require-quotes-in-ports",
    id="SLP141",
    title="Ports are in quotes",
    reason="YAML 1.1 reads 22:22 as a number in base 60, which is 1342. Compose reads text, but other tools that read "
    "the file may not.",
    fix='Write `"22:22"`.',
    reference=_YAML,
)
def unquoted_port(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find ports and other values that YAML 1.1 reads as numbers in base 60."""
    for key, path, source in _ambiguous_values(service):
        if _BASE_60.fullmatch(source):
            yield f"has {source} without quotes under {key}", path


@service_rule(
    "wwww",
    id="SLP142",
    title="Values that YAML can read differently are in quotes",
    reason="Some tools read `yes`, `no`, `on` and `off` as booleans, others as text. All tools read 3.10 as the number "
    "3.1.",
    fix='Put the value in quotes: `"no"`, `"3.10"`.',
    reference=_YAML,
)
def ambiguous(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find unquoted words that are booleans in YAML 1.1, and numbers that lose digits."""
    for key, path, source in _ambiguous_values(service):
        if not _BASE_60.fullmatch(source):
            yield f"has {source} without quotes under {key}", path


def _ambiguous_values(service: Service) -> Iterator[tuple[str, KeyPath, str]]:
    """Yield the values that differ from their text in the file: key, path and text."""
    collections: list[tuple[str, KeyPath, Any]] = [
        (key, (key,), service.keys.get(key))
        for key in ("environment", "labels", "ports", "expose", "command", "sysctls", "extra_hosts")
    ]
    collections.append(("build.args", ("build", "args"), service.mapping("build").get("args")))
    collections.append(("logging.options", ("logging", "options"), service.mapping("logging").get("options")))
    for name, path, values in collections:
        entries = values if isinstance(values, dict) else range(len(values)) if isinstance(values, list) else ()
        for key in entries:
            mark = mark_of(values, key)
            if mark and mark.source and "$" not in mark.source:
                yield name, (*path, key), mark.source
    mark = mark_of(service.keys, "restart")
    if mark and mark.source and "$" not in mark.source:
        yield "restart", ("restart",), mark.source


@stack_rule(
    "eeee",
    "dclint:no-duplicate-container-names",
    id="SLP143",
    title="A container name is used once",
    reason="Docker refuses the second container. With a fixed name, a new container cannot start next to the old one.",
    fix="Remove `container_name`. Services reach each other by the name of the service.",
    reference="Compose specification, services, container_name",
)
def container_name(stack: Stack) -> Iterator[StackProblem]:
    """Find container names of two services, and of services with replicas."""
    owners: dict[str, str] = {}
    for service in stack.services.values():
        name = service.text("container_name")
        if not name:
            continue
        if name in owners:
            yield service.name, f"has the container_name {name!r}, which {owners[name]!r} also has", ("container_name",)
        elif service.replicas > 1:
            yield service.name, f"has {service.replicas} replicas, but only one container_name", ("container_name",)
        owners.setdefault(name, service.name)


@stack_rule(
    "eeee",
    "dclint:invalid-schema",
    id="SLP144",
    title="Compose knows every key",
    reason="Compose refuses the file. An old Compose ignores the key, so the setting has no effect.",
    fix="Correct the spelling. Start keys for other tools with `x-`.",
    reference="Compose specification, services",
)
def unknown_key(stack: Stack) -> Iterator[StackProblem]:
    """Find keys that the Compose specification does not have, at every level of the file."""
    suggestions = Suggestions()
    for path, valid in unknown_keys(stack.top):
        yield "", f"has the unknown key {shown(path)!r}{suggestions.text(path[-1], valid)}", path
    for service in stack.services.values():
        for path, valid in unknown_keys(service.keys, SERVICE):
            yield service.name, f"has the unknown key {shown(path)!r}{suggestions.text(path[-1], valid)}", path


@service_rule(
    "eeee",
    id="SLP145",
    title="A service has an image or a build",
    reason="Compose refuses a service that has neither.",
    fix="Set `image` or `build`.",
    reference="Compose specification, services, image",
)
def nothing_to_run(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without an image and without a build."""
    if not service.keys.get("image") and "build" not in service.keys and "provider" not in service.keys:
        yield "has neither an image nor a build", ()
