"""Interpolation of variables in Compose files, such as ``${NAME:-default}``, and the parser of ``.env`` files. Pure.

Place in the pipeline: check, while files are read. A variable without a value and without a default stays in the text
as ``${NAME}``. Compose would put an empty text there. But a check is about the file, and the values are often not
known where it runs. The rules read ``${`` as "unknown".
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

from .source_positions import Map, Mark, Override, Seq
from .yaml_parser import MAX_TEXT, Budget

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_OPERATOR = re.compile(r":?[-?+]")
#: How deep defaults may be nested in defaults.
_MAX_DEPTH = 8
#: Returns the text for a variable without a value, from its name and its whole reference in the file.
Unset = Callable[[str, str], str]


def keep_reference(name: str, reference: str) -> str:
    """Return the reference to a variable, so that a variable without a value stays in the text."""
    return f"${{{name}}}"


def interpolate(text: str, variables: Mapping[str, str], depth: int = 0, unset: Unset = keep_reference) -> str:
    """Return *text* with the values of its variables, as Compose would insert them."""
    if "$" not in text:
        return text
    result: list[str] = []
    position = size = 0
    while True:
        dollar = text.find("$", position)
        size += len(result[-1]) if result else 0
        if dollar < 0 or depth > _MAX_DEPTH or size > MAX_TEXT:
            # A longer value is refused where it is used. Here it must not take the memory before.
            return "".join([*result, text[position:]])
        result.append(text[position:dollar])
        following = text[dollar + 1 : dollar + 2]
        name = _NAME.match(text, dollar + 1)
        if following == "$":
            result.append("$")
            position = dollar + 2
        elif name:
            result.append(variables[name[0]] if name[0] in variables else unset(name[0], f"${name[0]}"))
            position = name.end()
        elif following == "{":
            end = _closing(text, dollar + 2)
            if end < 0:
                # Compose refuses that. A search for more braces that never close would take quadratic time.
                return "".join([*result, text[dollar:]])
            result.append(_braced(text[dollar + 2 : end], variables, depth, unset))
            position = end + 1
        else:
            result.append("$")
            position = dollar + 1


def names(text: str) -> list[str]:
    """Return the names of the variables in a file."""
    return _REFERENCE.findall(text)


def _closing(text: str, start: int) -> int:
    """Return the position of the brace that closes the one before *start*, -1 if there is none."""
    level = 1
    for position in range(start, len(text)):
        if text[position] == "}":
            level -= 1
            if not level:
                return position
        elif text.startswith("${", position):
            level += 1
    return -1


def _braced(inside: str, variables: Mapping[str, str], depth: int, unset: Unset) -> str:
    """Return the value of ``${inside}``."""
    name = _NAME.match(inside)
    if not name:
        return f"${{{inside}}}"
    operator = _OPERATOR.match(inside, name.end())
    value = variables.get(name[0])
    if not operator:
        return unset(name[0], f"${{{inside}}}") if value is None else value
    alternative = inside[operator.end() :]
    # With a colon, an empty value counts as no value.
    has_value = value is not None and (value != "" or not operator[0].startswith(":"))
    if operator[0].endswith("+"):
        return interpolate(alternative, variables, depth + 1, unset) if has_value else ""
    if has_value:
        return str(value)
    if operator[0].endswith("-"):
        return interpolate(alternative, variables, depth + 1, unset)
    return unset(name[0], f"${{{inside}}}")


def resolve(
    value: Any, variables: Mapping[str, str], unset: Unset = keep_reference, budget: Budget | None = None
) -> Any:
    """Return *value* with all its texts interpolated. The mark of a changed text keeps the text in the file.

    :param budget: what is left for the texts; a new budget if ``None``.
    :raises Unreadable: if a text is too long with its variables replaced, or all of them together.
    """
    return _resolve_item(value, None, variables, unset, budget or Budget())


def _resolve_item(value: Any, mark: Mark | None, variables: Mapping[str, str], unset: Unset, budget: Budget) -> Any:
    if isinstance(value, str):
        text = interpolate(value, variables, unset=unset)
        if text is not value:
            budget.spend_text(len(text), mark.file if mark else "", mark.line if mark else 0)
        return text
    if isinstance(value, Map):
        result = Map({}, dict(value.marks))
        for key, item in value.items():
            mark = value.marks.get(key)
            result[key] = _resolve_item(item, mark, variables, unset, budget)
            if result[key] is not item and isinstance(item, str):
                result.marks[key] = _with_source(mark, item)
        return result
    if isinstance(value, Seq):
        items = Seq([], list(value.marks))
        for index, item in enumerate(value):
            mark = items.marks[index] if index < len(items.marks) else None
            items.append(_resolve_item(item, mark, variables, unset, budget))
            if items[index] is not item and isinstance(item, str) and index < len(items.marks):
                items.marks[index] = _with_source(mark, item)
        return items
    if isinstance(value, Override):
        return Override(_resolve_item(value.value, mark, variables, unset, budget))
    return value


def _with_source(mark: Mark | None, text: str) -> Mark:
    return Mark(mark.file if mark else "", mark.line if mark else 0, text)


_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*")
_QUOTED = {"'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL), '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "$": "$$", "\\": "\\", '"': '"'}


def dotenv(
    text: str, variables: Mapping[str, str] | None = None, file: str = "", budget: Budget | None = None
) -> dict[str, tuple[str, int]]:
    """Return the variables of an ``.env`` file, each with its line. Lines that are no assignments are skipped.

    The file is read as Compose reads it. A quoted value may have several lines. Between double quotes, escapes and
    variables are replaced; between single quotes, nothing is.

    :param variables: values for references in the file; they take precedence over earlier lines of the file.
    :param file: the name of the file, for messages.
    :param budget: what is left for values and their texts; a new budget if ``None``.
    :raises Unreadable: if the budget is not enough.
    """
    budget = budget or Budget()
    found: dict[str, tuple[str, int]] = {}
    plain: dict[str, str] = {}
    known = ChainMap(dict(variables or {}), plain)
    position, number = 0, 1
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        match = _ASSIGNMENT.match(text, position, end)
        if match:
            quoted = (
                _QUOTED[text[match.end()]].match(text, match.end())
                if text[match.end() : match.end() + 1] in _QUOTED
                else None
            )
            if quoted:
                literal = text[match.end()] == "'"
                value = quoted[1] if literal else interpolate(_unescaped(quoted[1]), known, unset=_empty)
                end = text.find("\n", quoted.end())
                end = len(text) if end < 0 else end
            else:
                bare = re.split(r"\s#", text[match.end() : end])[0].strip()
                value = interpolate("" if bare.startswith("#") else bare, known, unset=_empty)
            budget.spend(1, file, number)
            budget.spend_text(len(value), file, number)
            plain[match[1]] = value
            found[match[1]] = (value, number)
        number += text.count("\n", position, end + 1)
        position = end + 1
    return found


def _empty(name: str, reference: str) -> str:
    return ""


def _unescaped(text: str) -> str:
    """Return the text between double quotes without its escapes. An escaped dollar is doubled for interpolation."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text, flags=re.DOTALL)
