"""Interpolation of variables in texts, such as ``${NAME:-default}``, exactly as Compose does it. Pure.

Place in the pipeline: compose_reader, while Compose files and env files are read. The rules are those of compose-go's
package ``template``, which all supported versions of Compose share. Some are surprising:

- A reference with an operator reaches from its ``${`` to the brace that closes it. Every ``{`` in between opens one
  more, and the character after it is not looked at. If no brace closes it, it reaches to the last ``}`` of the line.
- The text behind an operator ends with the line: a default of two lines is refused.
- That text is interpolated even where it is not used, so what is wrong in it is refused.
- ``${`` without a name and a closing brace is refused. A ``$`` before anything else stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import casting
from .scalars import Timestamp
from .source_positions import KeyPath, Map, Mark, Seq
from .yaml_parser import MAX_TEXT, Budget

#: Compose ignores case in the pattern of names. For Go, the last two signs are an S and a K.
_NAME = "[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*"
_REFERENCE = re.compile(rf"\$(?:(\$)|({_NAME})|{{(?:({_NAME})(}}|:?[-+?]))?)")
_MENTIONED = re.compile(rf"\$\{{?({_NAME})")
#: How deep defaults may be nested in defaults.
_MAX_DEPTH = 20
#: Returns the text for a variable without a value, from its name and its whole reference in the file.
Unset = Callable[[str, str], str]


#: Is called with what Compose refuses: the position, the keys that lead to the value, and a sentence.
Report = Callable[[Mark | None, KeyPath, str], None]


def keep_reference(name: str, reference: str) -> str:
    """Return the reference to a variable, so that a variable without a value stays in the text."""
    return f"${{{name}}}"


def _ignore(problem: str) -> None:
    """Ignore what Compose refuses. The text stays as it is."""


def _report_nothing(mark: Mark | None, path: KeyPath, problem: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Scope:
    """What a text is interpolated with.

    ``variables``: their values. ``unset``: see :data:`Unset`. ``refuse``: is called with a sentence about what Compose
    refuses; then the text stays as it is.
    """

    variables: Mapping[str, str]
    unset: Unset = keep_reference
    refuse: Callable[[str], None] = _ignore


def is_required(reference: str) -> bool:
    """Return whether a reference such as ``${NAME:?message}`` must have a value."""
    return bool(re.match(rf"\$\{{{_NAME}:?\?", reference))


def names(text: str) -> list[str]:
    """Return the names of the variables in a file."""
    return _MENTIONED.findall(text)


def interpolate(text: str, scope: Scope, depth: int = 0) -> str:
    """Return *text* with the values of its variables, as Compose inserts them."""
    if "$" not in text:
        return text
    result: list[str] = []
    position = size = line_end = last_brace = 0
    while match := _REFERENCE.search(text, position):
        result.append(text[position : match.start()])
        escaped, plain, name, operator = match.groups()
        if match.end() > line_end:
            line_end = _end_of_line(text, match.end())
            last_brace = text.rfind("}", 0, line_end)
        position = match.end()
        if escaped:
            result.append("$")
        elif plain or operator == "}":
            result.append(_value(plain or name, match[0], scope))
        elif not operator or last_brace < position or depth > _MAX_DEPTH:
            scope.refuse(_invalid(text, match.start(), depth))
            return "".join([*result, text[match.start() :]])
        else:
            end = _closing(text, match.start(), last_brace)
            result.append(_with_operator(name, operator, text[position:end], scope, depth))
            position = end + 1
        size += len(result[-1])
        if size > MAX_TEXT:
            # A longer value is refused where it is used. Here it must not take the memory before.
            break
    return "".join([*result, text[position:]])


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _invalid(text: str, start: int, depth: int) -> str:
    shown = text[start:].partition("\n")[0][:60]
    if depth > _MAX_DEPTH:
        return f"{shown!r}: defaults are nested deeper than {_MAX_DEPTH} levels"
    return f"{shown!r} is not a valid reference to a variable; write ${{NAME}}, or $$ for a dollar sign"


def _closing(text: str, start: int, last: int) -> int:
    """Return the position of the brace that closes the reference at *start*; *last* if there is none before."""
    level = 0
    position = start
    while position < last:
        if text[position] == "}":
            level -= 1
            if not level:
                return position
        elif text[position] == "{":
            level += 1
            position += 1
        position += 1
    return last


def _value(name: str, reference: str, scope: Scope) -> str:
    value = scope.variables.get(name)
    return scope.unset(name, reference) if value is None else value


def _with_operator(name: str, operator: str, alternative: str, scope: Scope, depth: int) -> str:
    """Return the value of ``${NAME OPERATOR ALTERNATIVE}``."""
    value = scope.variables.get(name)
    # With a colon, an empty value counts as no value.
    has_value = value is not None and (value != "" or not operator.startswith(":"))
    is_used = has_value if operator.endswith("+") else not has_value and operator.endswith("-")
    other = interpolate(alternative, scope if is_used else _unused(scope), depth + 1)
    if is_used:
        return other
    if operator.endswith("?") and not has_value:
        return scope.unset(name, f"${{{name}{operator}{alternative}}}")
    return value or ""


def _unused(scope: Scope) -> Scope:
    """Return the scope of a text that is not inserted: only a required variable without a value matters there."""

    def unset(name: str, reference: str) -> str:
        if is_required(reference):
            scope.refuse(f"the variable {name} has no value, and {reference!r} requires one")
        return ""

    return replace(scope, unset=unset)


@dataclass(frozen=True)
class _Resolver:
    """Interpolates all texts of a document."""

    variables: Mapping[str, str]
    unset: Unset
    budget: Budget
    report: Report

    def item(self, value: Any, mark: Mark | None, path: KeyPath) -> Any:
        """Return *value*, which is at *path*, with its texts interpolated and cast to the type that the key needs."""
        if isinstance(value, str):
            return self._text(value, mark, path)
        if isinstance(value, Map):
            result = Map({}, dict(value.marks))
            for key, item in value.items():
                mark = value.marks.get(key)
                result[key] = self.item(item, mark, (*path, key))
                if result[key] is not item and isinstance(item, str):
                    result.marks[key] = _with_source(mark, item)
            return result
        if isinstance(value, Seq):
            items = Seq([], list(value.marks))
            for index, item in enumerate(value):
                mark = items.marks[index] if index < len(items.marks) else None
                items.append(self.item(item, mark, (*path, index)))
                if items[index] is not item and isinstance(item, str) and index < len(items.marks):
                    items.marks[index] = _with_source(mark, item)
            return items
        return casting.whole(path, value) if isinstance(value, float) else value

    def _text(self, value: str, mark: Mark | None, path: KeyPath) -> Any:
        if isinstance(value, Timestamp):
            if not any(str(key).startswith("x-") for key in path):
                self.report(mark, path, f"{str(value)!r} is a date for YAML; put it in quotes")
            return value
        scope = Scope(self.variables, self.unset, lambda problem: self.report(mark, path, problem))
        text = interpolate(value, scope)
        if text is not value:
            self.budget.spend_text(len(text), mark.file if mark else "", mark.line if mark else 0)
        return casting.cast(path, text)


def resolve(
    value: Any,
    variables: Mapping[str, str],
    unset: Unset = keep_reference,
    budget: Budget | None = None,
    report: Report = _report_nothing,
) -> Any:
    """Return *value*, a document, with its texts interpolated. The mark of a changed text keeps the text in the file.

    :param budget: what is left for the texts; a new budget if ``None``.
    :raises Unreadable: if a text is too long with its variables replaced, or all of them together.
    """
    return _Resolver(variables, unset, budget or Budget(), report).item(value, None, ())


def _with_source(mark: Mark | None, text: str) -> Mark:
    return Mark(mark.file if mark else "", mark.line if mark else 0, text)
