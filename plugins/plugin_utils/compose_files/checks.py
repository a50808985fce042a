"""What is wrong with a team's files before anything is made of them, all of it at once: file, line, service and key.

Place in the pipeline: project. Pure. What only Compose knows (the shape of a rare key) is told on the host, by Compose.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import Complaints, mapping, of
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import SERVICE_FIELDS
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import compose_keys
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.published_ports import ports
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, Mark, mark_of

#: Keys of the mappings inside of a service in which people misspell something.
_INSIDE = {
    "healthcheck": "test interval timeout retries start_period start_interval disable",
    "logging": "driver options",
    "deploy": "mode replicas labels update_config rollback_config restart_policy placement resources endpoint_mode",
    "build": "context dockerfile dockerfile_inline args ssh labels cache_from cache_to no_cache additional_contexts "
    "network pull target shm_size extra_hosts isolation privileged secrets tags ulimits platforms entitlements",
}


def check(project: Project, complaints: Complaints, elsewhere: Collection[str]) -> None:
    """Note all that is wrong with the files themselves.

    :param elsewhere: services that the inventory describes itself, or leaves out.
    """
    document = project.document
    _keys(complaints, document.top, [*compose_keys.TOP_KEYS], "key {!r}", "of a Compose file")
    _project_name(project, complaints)
    for name, service in document.services.items():
        if name not in elsewhere:
            _service(project, complaints, name, service)
    _ports(project, complaints, elsewhere)
    for key in ("networks", "volumes", "secrets", "configs"):
        _unset(complaints, f"key '{key}", mapping(document.top.get(key)))


def _service(project: Project, complaints: Complaints, name: str, service: Map) -> None:
    _keys(complaints, service, sorted(compose_keys.SERVICE_KEYS), f"service {name!r}: key {{!r}}", "of a service")
    for key, words in _INSIDE.items():
        _keys(complaints, mapping(service.get(key)), words.split(), f"service {name!r}: key '{key}.{{}}'", f"of {key}")
    _keys(
        complaints,
        mapping(service.get("x-slipway")),
        [*SERVICE_FIELDS, "proxy", "networks"],
        f"service {name!r}: key 'x-slipway.{{}}'",
        "of a description",
    )
    _unset(complaints, f"service {name!r}: key '", service)
    mark = project.document.services.marks.get(name)
    if not service.get("image"):
        built = mark_of(service, "build")
        if service.get("build"):
            what = "the image has no name; add 'image: REGISTRY/NAME:TAG', under which servers find what was built"
            complaints.add(built or mark, of(name, "build"), what)
        else:
            complaints.add(mark, of(name, "image"), "is missing; say which image it runs")
    services = list(project.document.services)
    needs = mapping(service.get("depends_on"))
    others = [one for one in services if one != name]
    for other in needs:
        if other not in services and mapping(needs[other]).get("required", True) is not False:
            what = f"there is no service {other!r}, or its profile is not active{suggestion(other, others)}"
            complaints.add(mark_of(needs, other) or mark, of(name, "depends_on"), what)
    for key in ("secrets", "configs"):
        entries: Any = service.get(key) or []
        declared = mapping(project.document.top.get(key))
        for index, entry in enumerate(entries):
            source = str(mapping(entry).get("source"))
            if source not in declared and not locations.unset_in(source):
                what = f"{source!r} is not declared{suggestion(source, list(declared))}; add it to the file's '{key}'"
                complaints.add(mark_of(entries, index) or mark, of(name, key), what)
    _declared(project, complaints, name, service, "networks", list(mapping(service.get("networks"))))
    named = [
        str(one["source"])
        for one in service.get("volumes") or []
        if isinstance(one, Map) and one.get("type") == "volume" and one.get("source")
    ]
    _declared(project, complaints, name, service, "volumes", named)


def _declared(project: Project, complaints: Complaints, name: str, service: Map, key: str, used: Iterable[str]) -> None:
    declared = list(mapping(project.document.top.get(key)))
    for one in used:
        if one not in declared and one != "default" and not locations.unset_in(one):
            what = f"{one!r} is not declared{suggestion(one, declared)}; add '{one}: {{}}' to the file's '{key}'"
            complaints.add(mark_of(service, key), of(name, key), what)


def _keys(complaints: Complaints, given: Map, known: list[str], where: str, what: str) -> None:
    for key in given:
        if key not in known and not key.startswith("x-"):
            complaints.add(mark_of(given, key), where.format(key), f"is no key {what}{_meant(key, known)}")


def _meant(key: str, known: list[str]) -> str:
    near = suggestion(key, known)
    return near if "did you mean" in near else "; a key of your own begins with x-"


def _unset(complaints: Complaints, where: str, value: Map) -> None:
    for text, key, mark in locations.texts(value):
        for reference in locations.unset_in(text):
            name = re.match(r"\w+", reference.strip("${}"))
            own = re.search(r":?\?(.+?)}?$", reference)
            what = f"the variable {name[0] if name else reference} has no value"
            advice = f" ({own[1]})" if own else ""
            complaints.add(mark, f"{where}{key}'", f"{what}{advice}; {_remedy(name[0] if name else 'NAME')}")


def _remedy(name: str) -> str:
    return (
        f"set it in .env or in stack_compose_variables ({name}: '' for nothing), "
        f"or, where it is a secret, set stack_secrets.{name.lower()}"
    )


def _project_name(project: Project, complaints: Complaints) -> None:
    name = project.name
    if name and locations.unset_in(name):
        _unset(
            complaints,
            "key '",
            Map({"name": name}, {"name": mark} if (mark := mark_of(project.document.top, "name")) else {}),
        )


def _ports(project: Project, complaints: Complaints, elsewhere: Collection[str]) -> None:
    taken: list[tuple[str, str, set[int], str]] = []
    for name, service in project.document.services.items():
        for port in ports(service) if name not in elsewhere else ():
            mark = _port_mark(service, port.path[1])
            if port.published is None:
                text = str((service["ports"][port.path[1]]).get("published") or "")
                if not locations.unset_in(text) and not text:
                    what = (
                        f"no port of the host for {port.target}, so that nobody could know it; write HOST:{port.target}"
                    )
                    complaints.add(mark, of(name, "ports"), what)
                continue
            numbers = set(range(port.published, port.published + port.count))
            for host, protocol, others, holder in taken:
                shared = sorted(numbers & others)
                if shared and protocol == port.protocol and (host == port.host or "" in (host, port.host)):
                    what = (
                        f"port {shared[0]} of the host is published by service {holder!r} too; give one of them another"
                    )
                    complaints.add(mark, of(name, "ports"), what)
            taken.append((port.host if port.host not in ("0.0.0.0", "::") else "", port.protocol, numbers, name))


def _port_mark(service: Map, index: int) -> Mark | None:
    return mark_of(service["ports"], index) or mark_of(service, "ports")
