"""Mappings that people wrote, checked: types, required keys, and a suggestion for a misspelt key.

Place in the pipeline: description, under everything that reads. Pure.
"""

from __future__ import annotations

import contextlib
import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    addresses,
    error_pages,
    notations,
    rates,
    response_headers,
    versions,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration, parse_size


@dataclass(frozen=True)
class Field:
    """One key that a mapping may have. ``default`` counts only if ``required`` is false."""

    type: str
    description: str = ""
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()


def _text(value: object) -> str:
    # YAML reads `version: 17` and `memory: 512` as numbers. People mean the text.
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{value!r} is not text; put it in quotes")


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "yes", "no"):
        return value.lower() in ("true", "yes")
    raise ValueError(f"{value!r} is neither true nor false")


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]+\s*", value):
        return int(value)
    raise ValueError(f"{value!r} is not a whole number")


def _number(value: object) -> float:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            return float(value)
    raise ValueError(f"{value!r} is not a number")


def _port(value: object) -> int:
    number = _integer(value)
    if 1 <= number <= 65535:
        return number
    raise ValueError(f"{value!r} is not a port; ports are numbers from 1 to 65535")


def _cpus(value: object) -> float:
    number = _number(value)
    if 0 < number < math.inf:
        return number
    raise ValueError(f"{value!r} is not a number of processors above 0, such as 0.5")


def _list(value: object) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise ValueError(f"{value!r} is not a list")


def _mapping(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError(f"{value!r} is not a mapping of keys to values")


def _command(value: object) -> list[str] | str:
    if isinstance(value, str):
        return value
    return [_text(part) for part in _list(value)]


def _duration(value: object) -> str:
    parse_duration(value)
    return str(value)


def _size(value: object) -> str:
    parse_size(value)
    return str(value)


def _memory(value: object) -> str:
    # Docker refuses less than 6 MiB, but only when it starts the container.
    if parse_size(value) < 6 * 1024**2:
        raise ValueError(f"{value!r} is less than Docker's minimum of 6m; write a number with its unit, such as 512m")
    return str(value)


_READERS: dict[str, Callable[[object], Any]] = {
    "str": _text,
    "bool": _boolean,
    "int": _integer,
    "float": _number,
    "port": _port,
    "cpus": _cpus,
    "memory": _memory,
    "list": _list,
    "dict": _mapping,
    "command": _command,
    "duration": _duration,
    "size": _size,
    "image": lambda value: notations.image(_text(value)),
    "url_path": lambda value: notations.url_path(_text(value)),
    "identifier": lambda value: notations.identifier(_text(value)),
    "identifiers": lambda value: notations.identifiers(_list(value)),
    "module": lambda value: notations.module(_text(value)),
    "postgres_version": lambda value: notations.postgres_version(_text(value)),
    "version": lambda value: versions.tag(_text(value)),
    "word": lambda value: notations.word(_text(value)),
    "path": lambda value: notations.path(_text(value)),
    "host_names": lambda value: addresses.host_names(_list(value)),
    "host": addresses.host_name,
    "hosts": lambda value: addresses.host_names([value] if isinstance(value, str) else _list(value)),
    "networks": lambda value: addresses.networks(_list(value)),
    "clients": lambda value: addresses.clients(_list(value)),
    "secret_name": lambda value: notations.identifier(_text(value)) if value != "" else "",
    "rate": rates.checked,
    "headers": response_headers.headers,
    "error_pages": lambda value: value if error_pages.pages(value) else {},
    "content_policy": response_headers.policy,
    "any": lambda value: value,
}


def suggestion(word: str, known: list[str]) -> str:
    """Return ``; did you mean 'x'?`` if a known word is close, else the list of known words, else nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; valid values: {', '.join(sorted(known))}" if known else ""


def read(given: object, fields: Mapping[str, Field], where: str) -> dict[str, Any]:
    """Return the values of *given* by the keys of *fields*, checked and converted; missing keys get their default.

    :param where: how messages name the mapping, such as ``service 'backend'``.
    :raises ValueError: for a key that is not in *fields*, a missing required key, or a value of another type.
    """
    try:
        mapping = _mapping(given)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    for key in mapping:
        if key not in fields:
            raise ValueError(f"{where}: unknown key {key!r}{suggestion(str(key), list(fields))}")
    result: dict[str, Any] = {}
    for key, field in fields.items():
        if mapping.get(key) is None:
            if field.required:
                raise ValueError(f"{where}: required key {key!r} is missing ({field.description})")
            result[key] = field.default
            continue
        try:
            result[key] = _READERS[field.type](mapping[key])
        except ValueError as error:
            raise ValueError(f"{where}: key {key!r}: {error}") from None
        if field.choices and result[key] not in field.choices:
            raise ValueError(
                f"{where}: key {key!r}: {result[key]!r} is not valid; valid values: {', '.join(field.choices)}"
            )
    return result
