"""Compose's short notations written out as its long ones, so that files can be merged and rules see one shape.

What has another type than the specification allows is passed on or left out, never an error: a rule may have a word to
say about it, and Compose will.
"""

from __future__ import annotations

import re
from typing import Any

from .marked import Map, Mark, Override, Seq

#: Keys of a service that are lists of NAME=VALUE or mappings.
_PAIRS = ("environment", "labels", "annotations", "extra_hosts", "sysctls")
_NAMED = {"depends_on": {"condition": "service_started"}, "networks": None}
_SOURCES = ("secrets", "configs")
_LISTS = ("tmpfs", "env_file", "dns", "profiles")
#: Characters of an address or a path that are looked at.
_LONGEST = 1000
_PORT = re.compile(
    r"(?:(?P<host>\[[^\]]*\]|[^:\[\]]*|\$\{[^${}]*\}):)??"
    r"(?:(?P<published>[^:]*):)?"
    r"(?P<target>[^:/]+)(?:/(?P<protocol>[a-zA-Z]+))?"
)


def service(raw: Any) -> Map:
    """Return the keys of a service in long notation; an empty mapping for what is none."""
    result = Map(raw, dict(raw.marks)) if isinstance(raw, Map) else Map(raw if isinstance(raw, dict) else {})
    for key in list(result):
        value = result[key]
        if isinstance(value, Override):
            result[key] = Override(_written_out(key, value.value, result.marks.get(key)))
        else:
            result[key] = _written_out(key, value, result.marks.get(key))
    return result


def _written_out(key: str, value: Any, mark: Mark | None) -> Any:
    if key in _PAIRS:
        return pairs(value)
    if key in _NAMED:
        return _named(value, _NAMED[key])
    if key in _SOURCES:
        return _items(value, lambda item: {"source": item})
    if key in _LISTS:
        return Seq([value], [mark]) if isinstance(value, str) else value
    if key == "ports":
        return _items(value, port)
    if key == "volumes":
        return _items(value, volume)
    if key == "build":
        build = Map({"context": value}, {"context": mark} if mark else {}) if isinstance(value, str) else value
        if isinstance(build, dict) and "args" in build:
            build = Map(build)
            build["args"] = pairs(build["args"])
        return build
    return Map({"service": value}) if key == "extends" and isinstance(value, str) else value


def pairs(value: Any) -> Map:
    """Return a list of ``NAME=VALUE`` or a mapping as a mapping; a name alone has the value ``None``."""
    if isinstance(value, dict):
        return Map(value)
    result = Map()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(item, (str, int, float)):
            continue
        name, equals, text = str(item).partition("=")
        result[name] = text if equals else None
        mark = mark_of(value, index)
        if mark:
            source = mark.source.partition("=")[2] if mark.source and "=" in mark.source else None
            result.marks[name] = mark._replace(source=source)
    return result


def mark_of(value: Any, key: Any) -> Mark | None:
    """Return the mark of one entry of a collection, as far as it has one."""
    marks = getattr(value, "marks", None)
    if isinstance(marks, dict):
        return marks.get(key)
    if isinstance(marks, list) and isinstance(key, int) and 0 <= key < len(marks):
        return marks[key]
    return None


def _named(value: Any, each: Any) -> Any:
    if isinstance(value, dict):
        return Map(value)
    result = Map()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            result[item] = Map(each) if each is not None else None
            mark = mark_of(value, index)
            if mark:
                result.marks[item] = mark
    return result


def _items(value: Any, read: Any) -> Seq:
    result = Seq()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        found = item if isinstance(item, dict) else read(item) if isinstance(item, (str, int)) else None
        if found is not None:
            result.add(Map(found), mark_of(value, index))
    return result


def port(value: Any) -> dict[str, Any] | None:
    """Return a published port in long notation: ``127.0.0.1:8080:80/tcp``; ``None`` for what is none."""
    text = str(value)[:_LONGEST]
    match = _PORT.fullmatch(text)
    if isinstance(value, bool) or not match:
        return None
    host, published = match["host"], match["published"]
    if host is not None and published is None:
        host, published = None, host
    return {
        "host_ip": (host or "").strip("[]"),
        "published": published or "",
        "target": match["target"],
        "protocol": match["protocol"] or "tcp",
        "short": text,
    }


def volume(value: Any) -> dict[str, Any] | None:
    """Return a mount in long notation: ``data:/var/lib/data:ro``; ``None`` for what is none."""
    parts = _outside_braces(str(value)[:_LONGEST])
    if not 1 <= len(parts) <= 3:
        return None
    if len(parts) == 1:
        return {"type": "volume", "source": None, "target": parts[0]}
    source, target = parts[:2]
    options = parts[2].split(",") if len(parts) == 3 else []
    # Behind a variable too a slash makes it a path: no volume's name has one.
    path = source.startswith((".", "~")) or "/" in source or source in ("${PWD}", "${HOME}")
    kind = "bind" if path else "volume"
    result: dict[str, Any] = {"type": kind, "source": source, "target": target, "read_only": "ro" in options}
    propagation = [option for option in options if option in ("shared", "rshared", "slave", "rslave")]
    if propagation:
        result["bind"] = {"propagation": propagation[0]}
    return result


def _outside_braces(text: str) -> list[str]:
    """Return *text* split at its colons, but for those inside of ``${…}``."""
    return [
        part.replace("\0", ":") for part in re.sub(r"\$\{[^${}]*\}", lambda m: m[0].replace(":", "\0"), text).split(":")
    ]
