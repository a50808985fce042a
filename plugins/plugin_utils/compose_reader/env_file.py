r"""The parser of ``.env`` and of the files of ``env_file`` and ``label_file``, exactly as Compose reads them. Pure.

Place in the pipeline: compose_reader. The rules are those of compose-go's package ``dotenv``, which all
supported versions of Compose share. Some are surprising:

- A name has letters and digits of any script, ``_``, ``.``, ``-``, ``[`` and ``]``. It ends with ``=`` or ``:``.
- A name alone on its line has the value that it has outside of the file; it is left out if it has none.
- A bare value ends with its line, or before a `` #``. So ``#fff`` is a value, and a tab before ``#`` is part of it.
- A quoted value can have several lines. What comes after its second quote is the next assignment.
- Variables are replaced in bare values and between double quotes, never between single quotes.
- Between single quotes ``\'`` is a quote, and every other backslash stays. Between double quotes there are escapes.

The format ``raw`` is that of ``docker run --env-file``: one assignment a line, whose value begins after the ``=``.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .interpolation import Scope, interpolate, is_required
from .yaml_parser import Budget

#: Spaces of a line, and all white space, as Go defines them.
_SPACES = "\t\v\f\r \x85\xa0"
_WHITE = f"\n{_SPACES}\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_BETWEEN = re.compile(rf"(?:[{_WHITE}]+|#[^\n]*)*")
_EXPORT = re.compile(rf"export(?=[\t\n\f\r ])[{_SPACES}]*")
_NAME = re.compile(rf"[\w.\-\[\]{_SPACES}]*")
_BEFORE_VALUE = re.compile(rf"[{_SPACES}]*")
_QUOTED = {"'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL), '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)}
_ASSIGNMENT = re.compile(r"\n(?=[ \t]*(?:export )?[A-Za-z_][\w.\- ]*\+?[=:])")
_TRAILING = re.compile(rf"[{_WHITE}]+\Z")
_ESCAPE = re.compile(r"\\(?:0([0-9]{0,3})|([abcfnrtv$\"\\]))")
_ESCAPES = {
    **dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)),
    # Compose knows `\c` and does nothing with it. A doubled dollar is one after variables are replaced.
    **dict(zip('c$"\\', ("\\c", "$$", '"', "\\"), strict=True)),
}


#: See :class:`Surroundings`.
Unset = Callable[[int, str, str], str]


@dataclass(frozen=True)
class Statement:
    """A statement of a file, before variables are replaced.

    ``value``: ``None`` for a name alone. ``interpolated``: variables in the value are replaced. ``problem``: why
    Compose refuses the statement, empty if it does not.
    """

    name: str
    line: int
    value: str | None = None
    interpolated: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Variable:
    """A variable of a file: its value, its line, and its text in the file."""

    value: str
    line: int
    source: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What a file is read with.

    ``variables``: values from outside; for a reference they take precedence over those of the file. ``unset``: returns
    the text for a variable without a value, from the line, the name of the variable that refers to it, and the
    reference. ``refuse``: is called with a line, a name and a sentence about what Compose refuses. ``file``: its name,
    for messages. ``budget``: what is left for values and their texts.
    """

    variables: Mapping[str, str]
    unset: Unset
    refuse: Callable[[int, str, str], None]
    file: str
    budget: Budget


def empty(line: int, name: str, reference: str) -> str:
    """Return an empty text, which Compose inserts for a variable without a value."""
    return ""


def statements(text: str, form: str = "") -> list[Statement]:
    """Return the statements of a file. After one that Compose refuses, reading goes on with the next line.

    :param form: the ``format`` of the file; empty or ``raw``.
    """
    text = text.removeprefix("\ufeff")
    return list(_raw(text) if form == "raw" else _statements(text))


def evaluate(
    found: list[Statement], surroundings: Surroundings, earlier: Mapping[str, Variable] | None = None
) -> dict[str, Variable]:
    """Return the variables of a file, and those of earlier files.

    :param earlier: the variables of the files before, which this file sees and replaces.
    :raises Unreadable: if the budget is not enough.
    """
    result = dict(earlier or {})
    plain = {name: variable.value for name, variable in result.items()}
    known = ChainMap(dict(surroundings.variables), plain)
    for statement in found:
        name, line = statement.name, statement.line
        if statement.problem:
            surroundings.refuse(line, name, statement.problem)
            continue
        if statement.value is None:
            value = surroundings.variables.get(name)
            if value is None:
                continue
        else:
            value = _value(statement, statement.value, known, surroundings)
        surroundings.budget.spend(1, surroundings.file, line)
        surroundings.budget.spend_text(len(value), surroundings.file, line)
        if "\0" in value:
            surroundings.refuse(line, name, "the value has a NUL character, which no variable can have")
        plain[name] = value
        source = statement.value if statement.value is not None and value != statement.value else ""
        result[name] = Variable(value, line, source)
    return result


def parse(text: str, surroundings: Surroundings, form: str = "") -> dict[str, Variable]:
    """Return the variables of one file, see :func:`statements` and :func:`evaluate`."""
    return evaluate(statements(text, form), surroundings)


def _value(statement: Statement, value: str, known: Mapping[str, str], surroundings: Surroundings) -> str:
    if not statement.interpolated:
        return value

    def unset(name: str, reference: str) -> str:
        if is_required(reference):
            refuse(f"the variable {name} has no value, and {reference!r} requires one")
        return surroundings.unset(statement.line, statement.name, reference)

    def refuse(problem: str) -> None:
        surroundings.refuse(statement.line, statement.name, problem)

    return interpolate(value, Scope(known, unset, refuse))


def _statements(text: str) -> Iterator[Statement]:
    position = counted = 0
    line = 1
    while True:
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text):
            return
        line += text.count("\n", counted, position)
        counted = position
        statement, position = _statement(text, position, line)
        yield statement


def _statement(text: str, start: int, line: int) -> tuple[Statement, int]:
    """Return the statement at *start*, and the position after it."""
    export = _EXPORT.match(text, start)
    start = export.end() if export else start
    end = _NAME.match(text, start).end()  # type: ignore[union-attr]
    sign = text[end : end + 1]
    name = _TRAILING.sub("", text[start:end])
    if sign not in ("=", ":", "\n"):
        return Statement(name, line, problem=_name_problem(text[start:], sign)), _next_line(text, end)
    if " " in name:
        written = "" if sign == "\n" else ", or a '=' is missing"
        return Statement(name, line, problem=f"the name has a space{written}"), _next_line(text, end)
    if sign == "\n":
        return Statement(name, line), end + 1
    if not name:
        return Statement(name, line, problem=f"there is no name before {sign!r}"), _next_line(text, end)
    return _assignment(text, name, line, _BEFORE_VALUE.match(text, end + 1).end())  # type: ignore[union-attr]


def _assignment(text: str, name: str, line: int, start: int) -> tuple[Statement, int]:
    """Return the statement whose value begins at *start*, and the position after it."""
    quote = text[start : start + 1]
    if quote not in _QUOTED:
        end = _next_line(text, start)
        bare = text[start:end].removesuffix("\n").partition(" #")[0]
        return Statement(name, line, _TRAILING.sub("", bare), interpolated=True), end
    match = _QUOTED[quote].match(text, start)
    if not match:
        # What follows may be lines of the value. Reading goes on where a line looks like an assignment.
        following = _ASSIGNMENT.search(text, start)
        problem = f"the value has no second {quote}"
        return Statement(name, line, problem=problem), following.end() if following else len(text)
    value = re.sub(r"\\(.)", lambda pair: pair[1] if pair[1] == quote else pair[0], match[1], flags=re.DOTALL)
    if quote == "'":
        return Statement(name, line, value), match.end()
    return Statement(name, line, _ESCAPE.sub(_unescaped, value), interpolated=True), match.end()


def _name_problem(text: str, sign: str) -> str:
    shown = text.partition("\n")[0][:60].rstrip("\r") or "export"
    if not sign:
        return f"{shown!r} has no '='; Compose reads it as a value without a name"
    return f"{shown!r} is no assignment: a name cannot have {sign!r}; write NAME=value"


def _next_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end + 1


def _unescaped(match: re.Match[str]) -> str:
    if match[2]:
        return _ESCAPES[match[2]]
    # Three octal digits are a character. With others, only the zero goes.
    if re.fullmatch("[0-3][0-7]{2}", match[1]):
        return chr(int(match[1], 8))
    return f"\\{match[1]}"


def _raw(text: str) -> Iterator[Statement]:
    for number, whole in enumerate(text.split("\n"), start=1):
        line = re.sub(rf"\A[{_WHITE}]+", "", whole.removesuffix("\r"))
        name, equals, value = line.partition("=")
        if not line or line.startswith("#"):
            continue
        if not name or " " in name or "\t" in name:
            problem = "there is no name before '='" if not name else "the name has a space"
            yield Statement(name, number, problem=problem)
        elif len(whole.encode()) >= 64 * 1024:
            yield Statement(name, number, problem="the line has more than 64 kB, which Compose does not read")
        else:
            yield Statement(name, number, value if equals else None)
