"""Notation that says something else than its author meant, or that Compose ignores or refuses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from ..notation import mark_of
from ..registry import Problem, StackProblem, service_rule, stack_rule
from ..stack import Service, Stack
from ..vocabulary import SERVICE_KEYS, TOP_KEYS

_YAML = "YAML 1.1 and 1.2, resolution of scalars"
_OBSOLETE = {"links": "services reach each other by name", "external_links": "use an external network"}
_OBSOLETE["volumes_from"] = "name the volume in both services"
_BASE_60 = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


@stack_rule(
    "iiii",
    "dclint:no-version-field",
    id="SLP140",
    title="Nothing obsolete is in the file",
    reason="Compose ignores `version` with a warning, and `links` are from before there were networks.",
    fix="Remove it.",
    reference="Compose specification, top-level element version",
)
def obsolete(stack: Stack) -> Iterator[StackProblem]:
    """Find `version`, and keys that networks and volumes have replaced."""
    if "version" in stack.top:
        yield "", "has the obsolete key 'version'", ("version",)
    for service in stack.services.values():
        for key, instead in _OBSOLETE.items():
            if service.keys.get(key):
                yield service.name, f"has {key}, which is obsolete; {instead}", (key,)


@service_rule(
    "wwww",
    "dclint:require-quotes-in-ports",
    id="SLP141",
    title="Ports are in quotes",
    reason="YAML 1.1 takes 22:22 for a number in base 60, which is 1342; not every reader of the file is Compose.",
    fix='Write `"22:22"`.',
    reference=_YAML,
)
def unquoted_port(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find ports, and other values, that older readers of YAML take for numbers in base 60."""
    for where, path, source in _written(service):
        if _BASE_60.fullmatch(source):
            yield f"has {source} without quotes under {where}", path


@service_rule(
    "wwww",
    id="SLP142",
    title="Words that YAML takes for something else are in quotes",
    reason="`yes`, `no`, `on` and `off` are booleans to some readers and text to others; 3.10 is 3.1 to all.",
    fix='Put them in quotes: `"no"`, `"3.10"`.',
    reference=_YAML,
)
def ambiguous(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find unquoted words that are booleans in YAML 1.1, and numbers that lose digits."""
    for where, path, source in _written(service):
        if not _BASE_60.fullmatch(source):
            yield f"has {source} without quotes under {where}", path


def _written(service: Service) -> Iterator[tuple[str, tuple[Any, ...], str]]:
    """Yield the values whose text is another one than what is read: where, path and text."""
    given: list[tuple[str, tuple[Any, ...], Any]] = [
        (key, (key,), service.keys.get(key))
        for key in ("environment", "labels", "ports", "expose", "command", "sysctls", "extra_hosts")
    ]
    given.append(("build.args", ("build", "args"), service.mapping("build").get("args")))
    given.append(("logging.options", ("logging", "options"), service.mapping("logging").get("options")))
    for where, path, values in given:
        entries = values if isinstance(values, dict) else range(len(values)) if isinstance(values, list) else ()
        for key in entries:
            mark = mark_of(values, key)
            if mark and mark.source and "$" not in mark.source:
                yield where, (*path, key), mark.source
    mark = mark_of(service.keys, "restart")
    if mark and mark.source and "$" not in mark.source:
        yield "restart", ("restart",), mark.source


@stack_rule(
    "eeee",
    "dclint:no-duplicate-container-names",
    id="SLP143",
    title="A container's name is given to one container",
    reason="Docker refuses the second; and with a fixed name no new container can start beside the old.",
    fix="Remove `container_name`; services reach each other by the service's name.",
    reference="Compose specification, services, container_name",
)
def container_name(stack: Stack) -> Iterator[StackProblem]:
    """Find names that two services have, and names of services with replicas."""
    owners: dict[str, str] = {}
    for service in stack.services.values():
        name = service.text("container_name")
        if not name:
            continue
        if name in owners:
            yield service.name, f"has the container_name {name!r}, as {owners[name]!r} has", ("container_name",)
        elif service.replicas > 1:
            yield service.name, f"has {service.replicas} replicas and one container_name", ("container_name",)
        owners.setdefault(name, service.name)


@stack_rule(
    "eeee",
    "dclint:invalid-schema",
    id="SLP144",
    title="Every key is one that Compose knows",
    reason="Compose refuses the file, or, in the case of an older one, leaves out what was meant.",
    fix="Correct the spelling; what is for other tools begins with `x-`.",
    reference="Compose specification, services",
)
def unknown_key(stack: Stack) -> Iterator[StackProblem]:
    """Find keys of the file and of services that are in no specification."""
    for key in stack.top:
        if key not in TOP_KEYS and not key.startswith("x-"):
            yield "", f"has the unknown key {key!r}{_near(key, TOP_KEYS)}", (key,)
    for service in stack.services.values():
        for key in service.keys:
            if key not in SERVICE_KEYS and not str(key).startswith("x-"):
                yield service.name, f"has the unknown key {key!r}{_near(key, SERVICE_KEYS)}", (key,)


def _near(key: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(str(key)[:60], sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


@service_rule(
    "eeee",
    id="SLP145",
    title="A service has an image or a build",
    reason="Compose refuses a service that has neither.",
    fix="Name an image, or where to build it.",
    reference="Compose specification, services, image",
)
def nothing_to_run(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that name nothing to run."""
    if not service.keys.get("image") and "build" not in service.keys and "provider" not in service.keys:
        yield "has neither an image nor a build", ()
