"""Variables in Compose files, ``${NAME:-default}`` and the like, and the ``.env`` that they come from.

A variable without a value and without a default stays in the text as ``${NAME}``: Compose would put nothing there, but
a review is about the file, and whoever runs it seldom has the values. Rules read ``${`` as "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .marked import Map, Mark, Override, Seq

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
#: Defaults inside of defaults; nobody writes more.
_DEEPEST = 8


def interpolate(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """Return *text* with what Compose would put in place of its variables."""
    if "$" not in text:
        return text
    result: list[str] = []
    position = 0
    while True:
        dollar = text.find("$", position)
        if dollar < 0 or depth > _DEEPEST:
            return "".join([*result, text[position:]])
        result.append(text[position:dollar])
        following = text[dollar + 1 : dollar + 2]
        name = _NAME.match(text, dollar + 1)
        if following == "$":
            result.append("$")
            position = dollar + 2
        elif name:
            result.append(variables.get(name[0], f"${{{name[0]}}}"))
            position = name.end()
        elif following == "{":
            end = _closing(text, dollar + 2)
            if end < 0:
                # Compose refuses that; looking for further braces that never close would take quadratic time.
                return "".join([*result, text[dollar:]])
            result.append(_braced(text[dollar + 2 : end], variables, depth))
            position = end + 1
        else:
            result.append("$")
            position = dollar + 1


def _closing(text: str, start: int) -> int:
    """Return the place of the brace that closes the one before *start*; -1 where there is none."""
    level = 1
    for position in range(start, len(text)):
        if text[position] == "}":
            level -= 1
            if not level:
                return position
        elif text.startswith("${", position):
            level += 1
    return -1


def _braced(inside: str, variables: Mapping[str, str], depth: int) -> str:
    name = _NAME.match(inside)
    if not name:
        return f"${{{inside}}}"
    operator = _OPERATOR.match(inside, name.end())
    value = variables.get(name[0])
    if not operator:
        return f"${{{name[0]}}}" if value is None else value
    word = inside[operator.end() :]
    has = value is not None and (value != "" or not operator[0].startswith(":"))
    if operator[0].endswith("+"):
        return interpolate(word, variables, depth + 1) if has else ""
    if has:
        return str(value)
    return interpolate(word, variables, depth + 1) if operator[0].endswith("-") else f"${{{name[0]}}}"


def resolve(value: Any, variables: Mapping[str, str]) -> Any:
    """Return *value* with every text in it interpolated; the mark of one that changed keeps what was written."""
    if isinstance(value, Map):
        result = Map({}, dict(value.marks))
        for key, item in value.items():
            result[key] = _one(item, variables)
            if result[key] is not item and isinstance(item, str):
                result.marks[key] = _written(value.marks.get(key), item)
        return result
    if isinstance(value, Seq):
        items = Seq([_one(item, variables) for item in value], list(value.marks))
        for index, item in enumerate(value):
            if items[index] is not item and isinstance(item, str) and index < len(items.marks):
                items.marks[index] = _written(items.marks[index], item)
        return items
    return _one(value, variables)


def _one(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolate(value, variables)
    if isinstance(value, (Map, Seq)):
        return resolve(value, variables)
    return Override(resolve(value.value, variables)) if isinstance(value, Override) else value


def _written(mark: Mark | None, text: str) -> Mark:
    return Mark(mark.file if mark else "", mark.line if mark else 0, text)


_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]\s*(.*?)\s*$")


def dotenv(text: str) -> dict[str, tuple[str, int]]:
    """Return the variables of an ``.env`` file, each with its line. What is no assignment is passed over."""
    found: dict[str, tuple[str, int]] = {}
    plain: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.match(line)
        if not match:
            continue
        value = match[2]
        quote = value[:1]
        if quote in ("'", '"') and quote in value[1:]:
            value = value[1 : value.index(quote, 1)]
        else:
            value = re.split(r"\s#", value)[0].rstrip()
        plain[match[1]] = value if quote == "'" else interpolate(value, plain)
        found[match[1]] = (plain[match[1]], number)
    return found
