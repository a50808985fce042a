"""Conversion of Compose's short syntax to its long syntax, so that files can be merged and rules see one shape.

Place in the pipeline: compose_reader. Pure. A value of a type that the specification does not allow is
kept or left out. It is no error here: a rule may report it, and Compose does.
"""

from __future__ import annotations

import re
from typing import Any

from .source_positions import Map, Mark, Pairs, Seq, mark_of

#: Keys that are a list of NAME=VALUE or a mapping.
_PAIRS = ("environment", "labels", "annotations", "sysctls")
#: Keys that are a list of names or a mapping, with the value that a name in the list stands for.
_NAMED = {"depends_on": {"condition": "service_started", "required": True}, "networks": None, "models": None}
#: Lists whose items are a name or a mapping.
_SOURCES = ("secrets", "configs")
#: Keys that are one text or a list.
_LISTS = ("tmpfs", "env_file", "label_file", "dns", "dns_search", "profiles")
#: Propagation options of a bind mount, in the short syntax of a volume.
_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
#: How many characters of a port or a volume are read.
_MAX_LENGTH = 1000
_PORT = re.compile(
    r"(?:(?P<host>\[[^\]]*\]|[^:\[\]]*|\$\{[^${}]*\}):)??"
    r"(?:(?P<published>[^:]*):)?"
    r"(?P<target>[^:/]+)(?:/(?P<protocol>[a-zA-Z]+))?"
)


def service(raw: Any) -> Map:
    """Return the keys of a service in long syntax, an empty mapping if *raw* is not a mapping."""
    result = Map(raw, dict(raw.marks)) if isinstance(raw, Map) else Map(raw if isinstance(raw, dict) else {})
    for key in list(result):
        result[key] = _to_long(key, result[key], result.marks.get(key))
    return result


def _to_long(key: str, value: Any, mark: Mark | None) -> Any:
    if key in _PAIRS:
        return pairs(value)
    if key in _NAMED:
        return _names_to_mapping(value, _NAMED[key])
    if key in _SOURCES:
        return _items_to_long(value, lambda item: {"source": item})
    if key in _LISTS:
        return Seq([value], [mark]) if isinstance(value, str) else value
    if key == "ports":
        return _items_to_long(value, port)
    if key == "volumes":
        return _items_to_long(value, volume)
    if key == "extra_hosts":
        return hosts(value)
    if key == "build":
        build = Map({"context": value}, {"context": mark} if mark else {}) if isinstance(value, str) else value
        if isinstance(build, dict) and "args" in build:
            build = Map(build)
            build["args"] = pairs(build["args"])
        return build
    return Map({"service": value}) if key == "extends" and isinstance(value, str) else value


def pairs(value: Any) -> Map:
    """Return a list of ``NAME=VALUE`` or a mapping as a mapping. A name without ``=`` has the value ``None``."""
    if isinstance(value, dict):
        return value if isinstance(value, Map) else Map(value)
    result = Pairs()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(item, (str, int, float)):
            continue
        name, equals, text = str(item).partition("=")
        result[name] = text if equals else None
        mark = mark_of(value, index)
        if mark:
            result.marks[name] = mark._replace(source=_value_in_file(mark.source))
    return result


def hosts(value: Any) -> Any:
    """Return ``extra_hosts`` as a list of ``NAME=ADDRESS``. A name can have several addresses."""
    if not isinstance(value, (dict, list)):
        return value
    result = Seq()
    for key, item in enumerate(value) if isinstance(value, list) else value.items():
        mark = mark_of(value, key)
        if isinstance(value, list):
            name, _sign, address = (
                re.split("([=:])", str(item), maxsplit=1) if re.search("[=:]", str(item)) else (item, "", "")
            )
            result.add(f"{name}={address}" if address else item, mark)
        else:
            for address in item if isinstance(item, list) else [item]:
                result.add(key if address is None else f"{key}={address}", mark)
    return result


def _value_in_file(source: str | None) -> str | None:
    """Return the value of ``NAME=VALUE`` as the file has it if it has a variable, else ``None``."""
    # The sign `=` inside of a variable, such as ${A:-b=c}, does not separate.
    match = re.match(r"(?:\$\{[^${}]*\}|[^=])*?=(.*)", source or "", re.DOTALL)
    return match[1] if match and "$" in match[1] else None


def _names_to_mapping(value: Any, default: Any) -> Any:
    if isinstance(value, dict):
        return Map(value)
    result = Map()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            result[item] = Map(default) if default is not None else None
            mark = mark_of(value, index)
            if mark:
                result.marks[item] = mark
    return result


def _items_to_long(value: Any, convert: Any) -> Seq:
    result = Seq()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        found = item if isinstance(item, dict) else convert(item) if isinstance(item, (str, int)) else None
        if found is not None:
            result.add(Map(found), mark_of(value, index))
    return result


def port(value: Any) -> dict[str, Any] | None:
    """Return a published port such as ``127.0.0.1:8080:80/tcp`` in long syntax, ``None`` if *value* is not a port."""
    text = str(value)[:_MAX_LENGTH]
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
        "protocol": (match["protocol"] or "tcp").lower(),
        "short": text,
    }


def volume(value: Any) -> dict[str, Any] | None:
    """Return a mount such as ``data:/var/lib/data:ro`` in long syntax, ``None`` if *value* is not a mount.

    ``short`` is the text. Compose takes one letter before a colon for a drive of Windows, so it reads ``a:/b`` as one
    path. Here that is the volume that was meant. Compose ignores unknown options, and so does this.
    """
    text = str(value)[:_MAX_LENGTH]
    parts = _with_drives(_outside_braces(text))
    if not 1 <= len(parts) <= 3:
        return None
    if len(parts) == 1:
        return {"type": "volume", "source": None, "target": parts[0], "short": text}
    source, target = parts[:2]
    options = parts[2].split(",") if len(parts) == 3 else []
    result: dict[str, Any] = {"type": "bind" if _is_path(source) else "volume", "source": source, "target": target}
    result["read_only"] = next((option == "ro" for option in reversed(options) if option in ("ro", "rw")), False)
    bind: dict[str, Any] = {"create_host_path": True} if result["type"] == "bind" else {}
    for option in options:
        if option in _PROPAGATIONS:
            bind["propagation"] = option
        elif option in ("z", "Z"):
            bind["selinux"] = option
    if bind:
        result["bind"] = bind
    if result["type"] == "volume" or "nocopy" in options:
        result["volume"] = {"nocopy": True} if "nocopy" in options else {}
    return {**result, "short": text}


def _is_path(source: str) -> bool:
    # A volume name has no slash, so a slash after a variable shows that it is a path.
    variable = "${" in source and ("/" in source or source in ("${PWD}", "${HOME}"))
    return source.startswith((".", "/", "~", "\\\\")) or (source[:1].isalpha() and source[1:2] == ":") or variable


def _with_drives(parts: list[str]) -> list[str]:
    r"""Return *parts* with each single letter joined to a path of Windows after it, such as ``\\data``."""
    result: list[str] = []
    for part in parts:
        if part.startswith("\\") and result and len(result[-1]) == 1 and result[-1].isalpha():
            result[-1] += f":{part}"
        else:
            result.append(part)
    return result


def _outside_braces(text: str) -> list[str]:
    """Return *text* split at its colons, except those inside of ``${…}``."""
    return [
        part.replace("\0", ":") for part in re.sub(r"\$\{[^${}]*\}", lambda m: m[0].replace(":", "\0"), text).split(":")
    ]
