"""Checks of a team's files before they are translated. All problems are reported together: file, line, service, key.

Place in the pipeline: compose_files. Pure. What Compose refuses is refused here, before anything goes to a host.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import (
    as_written,
    contradictions,
    locations,
    references,
    unsupported,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import SERVICE_FIELDS
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.interpolation import is_required
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.published_ports import ports
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, Mark, mark_of


def check(project: Project, problems: Problems, excluded: Collection[str]) -> None:
    """Add everything that is wrong with the files themselves to *problems*.

    :param excluded: services that the inventory replaces or leaves out; they are not checked.
    """
    document = project.document
    as_written.check(document, problems, excluded)
    _check_project_name(project, problems)
    for refusal in document.refusals:
        problems.add(*refusal)
    for name, service in project.dropped.items():
        _check_required(problems, name, service)
    for name, service in document.services.items():
        if name not in excluded:
            _check_service(project, problems, name, service)
    references.check_circles(document, problems)
    contradictions.check_top(document, problems)
    _check_ports(project, problems, excluded)
    for key in ("networks", "volumes", "secrets", "configs"):
        _check_variables(problems, f"key '{key}", mapping(document.top.get(key)))


def _check_service(project: Project, problems: Problems, name: str, service: Map) -> None:
    _check_annotation_keys(problems, name, mapping(service.get("x-slipway")))
    unsupported.check(name, service, problems)
    _check_variables(problems, f"service {name!r}: key '", service)
    mark = project.document.services.marks.get(name)
    _check_image(problems, name, service, mark)
    references.check(project.document, name, problems)
    contradictions.check_service(project.document, name, problems)


def _check_image(problems: Problems, name: str, service: Map, mark: Mark | None) -> None:
    if service.get("image") or service.get("provider"):
        return
    if service.get("build"):
        message = "the built image has no name; add 'image: REGISTRY/NAME:TAG', so that servers can pull it"
        problems.add(mark_of(service, "build") or mark, service_key(name, "build"), message)
    else:
        problems.add(mark, service_key(name, "image"), "is missing; name the image that the service runs")


def _check_annotation_keys(problems: Problems, name: str, annotation: Map) -> None:
    valid = [*SERVICE_FIELDS, "proxy", "networks"]
    for key in annotation:
        if key not in valid and not key.startswith("x-"):
            where = service_key(name, f"x-slipway.{key}")
            problems.add(mark_of(annotation, key), where, f"is not a key of a description{suggestion(key, valid)}")


def _check_variables(problems: Problems, where: str, value: Map) -> None:
    """Check that every variable below *value* has a value."""
    for text, key, mark in locations.texts(value):
        for reference in locations.unset_in(text):
            match = re.match(r"\w+", reference.strip("${}"))
            own_message = re.search(r":?\?(.+?)}?$", reference)
            message = f"the variable {match[0] if match else reference} has no value"
            detail = f" ({own_message[1]})" if own_message else ""
            problems.add(mark, f"{where}{key}'", f"{message}{detail}; {_how_to_set(match[0] if match else 'NAME')}")


def _check_required(problems: Problems, name: str, service: Map) -> None:
    """Check the variables that a service without an active profile requires: Compose reads it nevertheless."""
    for text, key, mark in locations.texts(service):
        for reference in locations.unset_in(text):
            if is_required(reference):
                message = f"{reference!r} requires a value, also while the profile is not active"
                problems.add(mark, service_key(name, key), message)


def _how_to_set(name: str) -> str:
    return (
        f"set it in .env or in stack_compose_variables ({name}: '' for an empty value), "
        f"or, if it is a secret, set stack_secrets.{name.lower()}"
    )


def _check_project_name(project: Project, problems: Problems) -> None:
    name = project.name
    if name and locations.unset_in(name):
        _check_variables(
            problems,
            "key '",
            Map({"name": name}, {"name": mark} if (mark := mark_of(project.document.top, "name")) else {}),
        )


def _check_ports(project: Project, problems: Problems, excluded: Collection[str]) -> None:
    """Check that every published port has a port of the host, and that no two services publish the same one."""
    published: list[tuple[str, str, set[int], str]] = []
    for name, service in project.document.services.items():
        for port in ports(service) if name not in excluded else ():
            mark = _port_mark(service, port.path[1])
            if port.published is None:
                text = str((service["ports"][port.path[1]]).get("published") or "")
                if not locations.unset_in(text) and not text:
                    message = (
                        f"the container port {port.target} has no port on the host, so Docker would choose a random "
                        f"one; write HOST_PORT:{port.target}"
                    )
                    problems.add(mark, service_key(name, "ports"), message)
                continue
            numbers = set(range(port.published, port.published + port.count))
            for host, protocol, others, owner in published:
                shared = sorted(numbers & others)
                if shared and protocol == port.protocol and (host == port.host or "" in (host, port.host)):
                    message = (
                        f"port {shared[0]} of the host is also published by service {owner!r}; change one of the two"
                    )
                    problems.add(mark, service_key(name, "ports"), message)
            published.append((port.host if port.host not in ("0.0.0.0", "::") else "", port.protocol, numbers, name))


def _port_mark(service: Map, index: int) -> Mark | None:
    return mark_of(service["ports"], index) or mark_of(service, "ports")
