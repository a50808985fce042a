"""Merging of Compose files as Compose does it: mappings key by key, lists appended, some keys by rules of their own.

Place in the pipeline: compose_reader. Pure. The source of the rules is the Compose specification, "Merge",
and what Compose does. All services are in long syntax.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import long_syntax
from .source_positions import Map, Mark, Pairs, Seq, mark_of
from .value_types import KEYS, SERVICE
from .yaml_parser import Unreadable

#: The keys that lead to a value; ``*`` stands for any name.
_Place = tuple[str, ...]
#: Mappings whose keys are names.
_NAMED = {("services",), ("networks",), ("volumes",), ("secrets",), ("configs",), ("models",), (*SERVICE, "ulimits")}
#: Values that a later file replaces as a whole.
_REPLACED = {
    (*SERVICE, "command"),
    (*SERVICE, "entrypoint"),
    (*SERVICE, "healthcheck", "test"),
    (*SERVICE, "ulimits", "*"),
}
#: Lists of ``NAME=VALUE`` or mappings: a later file replaces the names that it has, also by one without a value.
_PAIRS = {
    *((*SERVICE, key) for key in ("environment", "labels", "annotations", "sysctls")),
    *((*SERVICE, "build", key) for key in ("args", "labels", "additional_contexts")),
    (*SERVICE, "deploy", "labels"),
    ("networks", "*", "labels"),
    ("volumes", "*", "labels"),
}
#: Lists of ``NAME=VALUE`` that Compose 2.40 refuses in more than one file.
_MAPPINGS_OF_SEVERAL_FILES = {("configs", "*", "labels"), ("secrets", "*", "labels")}


def services(base: Map, over: Map, name: str = "") -> Map:
    """Return one service of two files, with *over* merged into *base*.

    :raises Unreadable: for a value of another type than the earlier one, such as a list over a mapping, and for an item
        that a list has twice then, though it may occur once.
    """
    merged: Map = _mapping(base, over, SERVICE, f"service {name!r}: key ")
    return merged


def mappings(before: Map, after: Map) -> Map:
    """Return the top-level keys of two files merged. :raises Unreadable: like :func:`services`."""
    merged: Map = _mapping(before, after, (), "key ")
    return merged


def _mapping(before: Map, after: Map, place: _Place, where: str) -> Map:
    result = Map(before, dict(before.marks))
    for key, value in after.items():
        mark = after.marks.get(key)
        inner = (*place, "*" if place in _NAMED else key)
        result[key] = _merged(before[key], value, inner, where, mark) if key in before else value
        if mark and (not isinstance(value, (Map, Seq)) or key not in result.marks or result[key] is value):
            result.marks[key] = mark
    return result


def _merged(before: Any, after: Any, place: _Place, where: str, mark: Mark | None) -> Any:
    if place in _REPLACED:
        return after
    if after is None:
        return before
    if place in _PAIRS:
        return _pairs(before, after, place, where, mark)
    if place == ("networks", "*", "ipam", "config") and isinstance(before, Seq) and isinstance(after, Seq):
        return _subnets(before, after)
    if isinstance(before, Map) and isinstance(after, Map):
        if place == (*SERVICE, "logging") and _is_another_driver(before, after):
            return after
        return _mapping(before, after, place, where)
    if isinstance(before, Seq) and isinstance(after, Seq):
        if mark and place in _MAPPINGS_OF_SEVERAL_FILES:
            message = "is a list in an earlier file, too, which Compose 2.40 refuses; write both as mappings"
            raise _refusal(mark, where, place, message)
        return _appended(before, after, place, where)
    # Documents without marks are rendered ones, which nobody can mend.
    if isinstance(before, (Map, Seq)) and mark and not any(key.startswith("x-") for key in place):
        message = f"{_kind(after)} cannot be merged over {_kind(before)} of an earlier file"
        raise _refusal(mark, where, place, f"{message}; write it like the earlier one, or with the tag !override")
    return after


def _pairs(before: Any, after: Any, place: _Place, where: str, mark: Mark | None) -> Pairs:
    earlier, later = (long_syntax.pairs(value) for value in (before, after))
    same = [name for name, value in later.items() if (name, value) in earlier.items()]
    if same and mark and place == ("volumes", "*", "labels"):
        message = f"{same[0]!r} has the same value in an earlier file, which Compose refuses; remove it here"
        raise _refusal(mark, where, place, message)
    return Pairs({**earlier, **later}, {**earlier.marks, **later.marks})


def _is_another_driver(before: Map, after: Map) -> bool:
    return "driver" in before and "driver" in after and before["driver"] != after["driver"]


def _appended(before: Seq, after: Seq, place: _Place, where: str) -> Seq:
    result = Seq(before, list(before.marks))
    once = place[:2] == SERVICE and place not in _IDENTITY and _has_no_duplicates(place)
    for index, item in enumerate(after):
        mark = mark_of(after, index)
        if once and mark and item in before:
            message = f"{item!r} is in an earlier file, too, and may occur once; remove it here"
            raise _refusal(mark, where, place, message)
        result.add(item, mark)
    return result


def _subnets(before: Seq, after: Seq) -> Seq:
    """Return the subnets of a network. A later file's are kept, each with the keys of the earlier ones that it lacks.

    So does Compose: an earlier subnet that no later file has is left out, and all that follow the first are merged.
    """
    found: dict[Any, tuple[Any, Mark | None]] = {}
    for item in before:
        keys = item if isinstance(item, Map) else Map()
        for index, over in enumerate(after):
            subnet = over.get("subnet") if isinstance(over, Map) else None
            if subnet != keys.get("subnet") and subnet not in found:
                found[subnet] = over, mark_of(after, index)
            else:
                keys = Map({**keys, **over}, {**keys.marks, **over.marks})
                found[subnet] = keys, mark_of(after, index)
    result = Seq()
    for item, mark in found.values():
        result.add(item, mark)
    return result


def _has_no_duplicates(place: _Place) -> bool:
    key = KEYS.get(place[:-1], {}).get(place[-1])
    return key is not None and key.notation.endswith("]!")


def _refusal(mark: Mark, where: str, place: _Place, message: str) -> Unreadable:
    return Unreadable(f"{mark.file}:{mark.line}: {where}{_shown(place)!r}: {message}")


def _kind(value: Any) -> str:
    return "a mapping" if isinstance(value, Map) else "a list" if isinstance(value, Seq) else "a text"


def _shown(place: _Place) -> str:
    return ".".join(place[2:] if place[:2] == SERVICE else place)


def _before_equals(item: Any) -> Any:
    return str(item).partition("=")[0]


def _mount(folder: str) -> Callable[[Any], Any]:
    return lambda item: item.get("target") or f"{folder}/{item.get('source')}" if isinstance(item, Map) else item


def _port(item: Any) -> Any:
    if not isinstance(item, Map):
        return item
    host = item.get("host_ip") or "0.0.0.0"
    return (host, *(str(item.get(key) or "") for key in ("published", "target")), item.get("protocol") or "tcp")


def _device(item: Any) -> Any:
    if isinstance(item, Map):
        return item.get("target")
    parts = str(item).split(":")
    return parts[1] if len(parts) > 1 else parts[0]


#: What identifies an item of these lists. A later item replaces the one with the same identity, at its position.
_IDENTITY: dict[_Place, Callable[[Any], Any]] = {
    **{
        (*SERVICE, key): _before_equals
        for key in ("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "links", "profiles", "tmpfs")
    },
    **{(*SERVICE, "networks", "*", key): _before_equals for key in ("aliases", "link_local_ips")},
    (*SERVICE, "build", "tags"): _before_equals,
    (*SERVICE, "configs"): _mount(""),
    (*SERVICE, "devices"): _device,
    (*SERVICE, "env_file"): lambda item: item.get("path") if isinstance(item, Map) else item,
    (*SERVICE, "expose"): str,
    (*SERVICE, "extra_hosts"): str,
    (*SERVICE, "ports"): _port,
    (*SERVICE, "secrets"): _mount("/run/secrets"),
    (*SERVICE, "volumes"): lambda item: item.get("target") if isinstance(item, Map) else item,
}


def unique(service: Map) -> Map:
    """Return a service in long syntax whose lists have each item once, as Compose does after each file."""
    result = Map({key: _unique(value, (*SERVICE, key)) for key, value in service.items()}, service.marks)
    if result.get("gpus") == "all":
        # Compose writes it in its long form after each file. So a later list is appended, and a later text is refused.
        result["gpus"] = Seq([Map({"count": -1})])
    return result


def _unique(value: Any, place: _Place) -> Any:
    if isinstance(value, Seq) and place in _IDENTITY:
        result = Seq()
        positions: dict[str, int] = {}
        for index, item in enumerate(value):
            position = positions.setdefault(repr(_IDENTITY[place](item)), len(result))
            if position == len(result):
                result.add(item, mark_of(value, index))
            else:
                result[position], result.marks[position] = item, mark_of(value, index)
        return result
    if isinstance(value, Map) and place[2:] in (("networks",), ("build",)):
        return Map({key: _inside(item, place, key) for key, item in value.items()}, value.marks)
    return value


def _inside(value: Any, place: _Place, key: str) -> Any:
    if place[-1] == "build":
        return _unique(value, (*place, key))
    if not isinstance(value, Map):
        return value
    return Map({name: _unique(item, (*place, "*", name)) for name, item in value.items()}, value.marks)
