"""State files: read them without an exception, whatever is in their place.

Place in the pipeline: target, everywhere that reads what an earlier rollout has written. A power cut, a full disk or a
person can leave an empty file, random bytes, a directory or a link in the place of a file, and a newer version of the
collection can write another format. The reader says which file it is, what was found and what to do. The caller decides
whether it can go on without the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, Union

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError, MissingFile

#: The format of the files that this version writes, in their key ``format``. Files without the key are older.
FORMAT = 1
#: Largest size of a state file in bytes. The manifest of a stack with some hundred services is smaller.
_MAX_SIZE = 16 * 1024**2

T = TypeVar("T")
#: The types of a value, as for ``isinstance``.
Types = Union[type, "tuple[type, ...]"]


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What was read: ``value`` is ``None`` if there is no file or a damaged one. Then ``problem`` says what is wrong.

    ``problem`` names the file, what was found and what to do. It is empty if the file is good or does not exist.
    """

    value: T | None = None
    problem: str = ""


def read(path: Path, fields: Mapping[str, Types], remedy: str) -> Reading[dict[str, Any]]:
    """Return the content of a state file: a JSON object.

    :param fields: the keys that the file must have, with their types.
    :param remedy: what to do about a damaged file, as a sentence.
    """
    try:
        content = foreign_file.read_bytes(path.parent, path.name, _MAX_SIZE)
    except MissingFile:
        return Reading()
    except ForeignFileError as error:
        return Reading(problem=f"{error}. {remedy}")
    found = _damage(content)
    if found:
        return Reading(problem=f"{path} {found}. {remedy}")
    value: dict[str, Any] = json.loads(content)
    problem = wrong_field(value, fields)
    return Reading(problem=f"{path}: {problem}. {remedy}") if problem else Reading(value)


def read_lines(path: Path, fields: Mapping[str, Types], max_size: int) -> list[dict[str, Any]]:
    """Return the lines of a file that are JSON objects with these fields, oldest first. Others are left out.

    :param max_size: bytes of the newest lines that are read.
    """
    size = path.stat().st_size if path.is_file() else 0
    try:
        content = foreign_file.read_from(path.parent, path.name, max(size - max_size, 0), max_size)
    except ForeignFileError:
        return []
    parsed = (parse_line(line, fields) for line in content.decode("utf-8", "replace").split("\n"))
    return [line for line in parsed if line is not None]


def parse_line(line: str | bytes, fields: Mapping[str, Types]) -> dict[str, Any] | None:
    """Return a line as a JSON object; ``None`` if it is none, or a field is missing or of another type."""
    try:
        parsed: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return None if wrong_field(parsed, fields) else parsed


def wrong_field(value: Any, fields: Mapping[str, Types]) -> str:
    """Return what is wrong with the first field that is missing or has another type; empty if nothing is."""
    if not isinstance(value, dict):
        return "is no mapping"
    for name, types in fields.items():
        if name not in value:
            return f"key '{name}' is missing"
        # A truth value is an integer for Python.
        if not isinstance(value[name], types) or (isinstance(value[name], bool) and types is not bool):
            return f"key '{name}' has a value of the wrong type ({type(value[name]).__name__})"
    return ""


def _damage(content: bytes) -> str:
    """Return why *content* is no JSON object in a known format; empty if it is one."""
    if not content.strip(b"\0 \t\r\n"):
        return "is empty"
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return "is not valid JSON"
    if not isinstance(value, dict):
        return f"must contain a JSON object, not a {type(value).__name__}"
    given = value.get("format", FORMAT)
    if not isinstance(given, int) or isinstance(given, bool):
        return "has a format that is not a number"
    if given > FORMAT:
        return f"was written by a newer version of slipway.stack (format {given}, this version knows {FORMAT})"
    return ""
