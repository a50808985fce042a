"""Variables in Compose files, ``${NAME:-default}`` and the like, and the ``.env`` that they come from.

A variable without a value and without a default stays in the text as ``${NAME}``: Compose would put nothing there, but
a review is about the file, and whoever runs it seldom has the values. Rules read ``${`` as "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .marked import Map, Mark, Override, Seq

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
#: Defaults inside of defaults; nobody writes more.
_DEEPEST = 8
#: Gives what stands in place of a variable that has no value, by its name and its whole reference as written.
Unset = Callable[[str, str], str]


def kept(name: str, reference: str) -> str:
    """Leave a variable without a value in the text."""
    return f"${{{name}}}"


def interpolate(text: str, variables: Mapping[str, str], depth: int = 0, unset: Unset = kept) -> str:
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
            result.append(variables[name[0]] if name[0] in variables else unset(name[0], f"${name[0]}"))
            position = name.end()
        elif following == "{":
            end = _closing(text, dollar + 2)
            if end < 0:
                # Compose refuses that; looking for further braces that never close would take quadratic time.
                return "".join([*result, text[dollar:]])
            result.append(_braced(text[dollar + 2 : end], variables, depth, unset))
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


def _braced(inside: str, variables: Mapping[str, str], depth: int, unset: Unset) -> str:
    name = _NAME.match(inside)
    if not name:
        return f"${{{inside}}}"
    operator = _OPERATOR.match(inside, name.end())
    value = variables.get(name[0])
    if not operator:
        return unset(name[0], f"${{{inside}}}") if value is None else value
    word = inside[operator.end() :]
    has = value is not None and (value != "" or not operator[0].startswith(":"))
    if operator[0].endswith("+"):
        return interpolate(word, variables, depth + 1, unset) if has else ""
    if has:
        return str(value)
    if operator[0].endswith("-"):
        return interpolate(word, variables, depth + 1, unset)
    return unset(name[0], f"${{{inside}}}")


def resolve(value: Any, variables: Mapping[str, str], unset: Unset = kept) -> Any:
    """Return *value* with every text in it interpolated; the mark of one that changed keeps what was written."""
    if isinstance(value, Map):
        result = Map({}, dict(value.marks))
        for key, item in value.items():
            result[key] = _one(item, variables, unset)
            if result[key] is not item and isinstance(item, str):
                result.marks[key] = _written(value.marks.get(key), item)
        return result
    if isinstance(value, Seq):
        items = Seq([_one(item, variables, unset) for item in value], list(value.marks))
        for index, item in enumerate(value):
            if items[index] is not item and isinstance(item, str) and index < len(items.marks):
                items.marks[index] = _written(items.marks[index], item)
        return items
    return _one(value, variables, unset)


def _one(value: Any, variables: Mapping[str, str], unset: Unset) -> Any:
    if isinstance(value, str):
        return interpolate(value, variables, unset=unset)
    if isinstance(value, (Map, Seq)):
        return resolve(value, variables, unset)
    return Override(resolve(value.value, variables, unset)) if isinstance(value, Override) else value


def _written(mark: Mark | None, text: str) -> Mark:
    return Mark(mark.file if mark else "", mark.line if mark else 0, text)


_ASSIGNED = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*")
_QUOTED = {"'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL), '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "$": "$$", "\\": "\\", '"': '"'}


def dotenv(text: str, variables: Mapping[str, str] | None = None) -> dict[str, tuple[str, int]]:
    """Return the variables of an ``.env`` file, each with its line. What is no assignment is passed over.

    As Compose's own parser reads it: quoted values may have several lines, escapes and variables count between double
    quotes, nothing counts between single ones.

    :param variables: what the file's own references find before what stands further up in it.
    """
    found: dict[str, tuple[str, int]] = {}
    plain: dict[str, str] = {}
    position, number = 0, 1
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        match = _ASSIGNED.match(text, position, end)
        if match:
            known = {**plain, **(variables or {})}
            quoted = (
                _QUOTED[text[match.end()]].match(text, match.end())
                if text[match.end() : match.end() + 1] in _QUOTED
                else None
            )
            if quoted:
                literal = text[match.end()] == "'"
                value = quoted[1] if literal else interpolate(_unescaped(quoted[1]), known, unset=_nothing)
                end = text.find("\n", quoted.end())
                end = len(text) if end < 0 else end
            else:
                bare = re.split(r"\s#", text[match.end() : end])[0].strip()
                value = interpolate("" if bare.startswith("#") else bare, known, unset=_nothing)
            plain[match[1]] = value
            found[match[1]] = (value, number)
        number += text.count("\n", position, end + 1)
        position = end + 1
    return found


def _nothing(name: str, reference: str) -> str:
    return ""


def _unescaped(text: str) -> str:
    """Return what stands between double quotes with its escapes undone, an escaped dollar still doubled."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text, flags=re.DOTALL)
