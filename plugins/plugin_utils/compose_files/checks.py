"""Checks of a team's files before they are translated. All problems are reported together: file, line, service, key.

Place in the pipeline: compose_files. Pure. What Compose refuses is refused here, before anything goes to a host.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import (
    as_written,
    contradictions,
    locations,
    published,
    references,
    unsupported,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.interpolation import is_required
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Mark, mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.description import names
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import SERVICE_FIELDS
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion


def check(project: Project, problems: Problems, excluded: Collection[str], images: Collection[str]) -> frozenset[str]:
    """Add everything that is wrong with the files themselves to *problems*.

    :param excluded: services that the inventory replaces or leaves out; they are not checked.
    :param images: services whose image the inventory names.
    :returns: the services with a value of a wrong type, which cannot be translated.
    """
    document = project.document
    unreadable = as_written.check(document, problems, excluded)
    _check_project_name(project, problems)
    for refusal in document.refusals:
        problems.add(*refusal)
    for name, service in project.dropped.items():
        _check_required(problems, name, service)
    for name, service in document.services.items():
        if name not in excluded:
            _check_service(project, problems, name, service)
            if name not in images:
                _check_image(problems, name, service, document.services.marks.get(name))
    references.check_circles(document, problems)
    contradictions.check_top(document, problems)
    read = {name: keys for name, keys in document.services.items() if name not in {*excluded, *unreadable}}
    published.check(read, problems)
    _check_files_of_client(problems, read, mapping(document.top.get("volumes")))
    for key in ("networks", "volumes", "secrets", "configs"):
        _check_variables(problems, f"key '{key}", mapping(document.top.get(key)))
    return unreadable


def _check_service(project: Project, problems: Problems, name: str, service: Map) -> None:
    where = f"service {name!r}"
    try:
        names.check_service(name, where, plain=True)
    except ValueError as error:
        mark = project.document.services.marks.get(name)
        problems.add(mark, where, str(error).removeprefix(f"{where}: "))
    _check_variable_names(problems, name, service)
    _check_optional_needs(project, problems, name, service)
    _check_annotation_keys(problems, name, mapping(service.get("x-slipway")))
    unsupported.check(name, service, problems)
    _check_variables(problems, f"service {name!r}: key '", service)
    references.check(project.document, name, problems)
    contradictions.check_service(project.document, name, problems)


def _check_image(problems: Problems, name: str, service: Map, mark: Mark | None) -> None:
    if service.get("image") or service.get("provider"):
        return
    if service.get("build"):
        message = (
            "the built image has no name; add 'image: REGISTRY/NAME:TAG', so that servers can pull it, or set "
            f"stack_services.{name}.image"
        )
        problems.add(mark_of(service, "build") or mark, service_key(name, "build"), message)
    else:
        problems.add(mark, service_key(name, "image"), "is missing; name the image that the service runs")


def _check_annotation_keys(problems: Problems, name: str, annotation: Map) -> None:
    valid = [*SERVICE_FIELDS, "proxy", "networks", "hardening"]
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


def _check_optional_needs(project: Project, problems: Problems, name: str, service: Map) -> None:
    """Check that optional dependencies exist, with an active profile or without; ``references`` checks the others."""
    services = [*project.document.services, *project.dropped]
    needs = mapping(service.get("depends_on"))
    for other, need in needs.items():
        if mapping(need).get("required") is False and other not in services:
            message = f"there is no service {other!r}{suggestion(other, [one for one in services if one != name])}"
            mark = mark_of(needs, other) or mark_of(service, "depends_on")
            problems.add(mark, service_key(name, "depends_on"), message)


def _check_variable_names(problems: Problems, name: str, service: Map) -> None:
    variables = mapping(service.get("environment"))
    for variable in variables:
        if not variable or not variable.isprintable():
            message = f"{variable!r} is not a name of a variable: it is empty, or has a control character"
            mark = mark_of(variables, variable) or mark_of(service, "environment")
            problems.add(mark, service_key(name, "environment"), message)


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


def _check_files_of_client(problems: Problems, services: Mapping[str, Map], volumes: Map) -> None:
    """Check that no key names a file that Compose would read on the server, where the project is not."""
    for name, service in services.items():
        options: Any = service.get("security_opt") or []
        for index, option in enumerate(options):
            match = re.fullmatch("seccomp[=:](.*)", str(option))
            if match and not match[1].startswith("/") and match[1] not in ("unconfined", "builtin"):
                message = f"{match[1]} is not uploaded; put the profile on the server, and write its absolute path"
                mark = mark_of(options, index) or mark_of(service, "security_opt")
                problems.add(mark, service_key(name, "security_opt"), message)
    for name, volume in volumes.items():
        options = mapping(mapping(volume).get("driver_opts"))
        device = str(options.get("device") or "")
        is_bind = "bind" in str(options.get("o") or "").split(",")
        if is_bind and not device.startswith("/") and not locations.unset_in(device):
            message = f"{device!r} is a path of the project, which the server does not have; write an absolute path"
            problems.add(mark_of(options, "device"), f"key 'volumes.{name}.driver_opts.device'", message)
