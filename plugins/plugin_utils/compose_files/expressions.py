"""Templates of the inventory, kept in what is made from their values: a version remains ``{{ app_version }}``.

Place in the pipeline: compose_files, for ``adopt``. Pure. The files are read twice: once with the values of the
variables, once with a marker for each variable. Where the two readings differ only by the markers, the templates can be
written in their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Private-use characters, which nobody types.
_MARKER = re.compile("\ue004([^\ue005]+)\ue005")
_OPENING = re.compile(r"\{[{%#]")


class Expression(str):
    """A template for Ansible to evaluate, with its current value."""

    __slots__ = ("value",)
    value: Any

    def __new__(cls, text: str, value: Any) -> Expression:
        """Return the template *text*, whose current value is *value*."""
        self = super().__new__(cls, text)
        self.value = value
        return self


def is_template(value: object) -> bool:
    """Return whether Ansible would evaluate *value*, a text as it is written in the inventory."""
    return isinstance(value, str) and _OPENING.search(value) is not None


def marker(variable: str) -> str:
    """Return the text that takes the place of a variable in the second reading."""
    return f"\ue004{variable}\ue005"


def differs_only_by_markers(value: Any, marked: Any, templates: Mapping[str, Expression]) -> bool:
    """Return whether the second reading, *marked*, equals the first one once the markers have their values."""
    if isinstance(value, Mapping) and isinstance(marked, Mapping):
        return value.keys() == marked.keys() and all(
            differs_only_by_markers(value[key], marked[key], templates) for key in value
        )
    if isinstance(value, list) and isinstance(marked, list):
        return len(value) == len(marked) and all(map(differs_only_by_markers, value, marked, [templates] * len(value)))
    return bool(value == (_without_markers(marked, templates) if isinstance(marked, str) else marked))


def _without_markers(marked: str, templates: Mapping[str, Expression]) -> str:
    return _MARKER.sub(lambda match: str(templates[match[1]].value), marked)


def restore_templates(value: Any, marked: Any, templates: Mapping[str, Expression]) -> Any:
    """Return *value* with the templates of variables in place of their values, where that is possible.

    :param marked: the same value in the second reading; anything else if it is missing there.
    :param templates: by variable.
    """
    if isinstance(value, Mapping) and isinstance(marked, Mapping):
        return {key: restore_templates(item, marked.get(key), templates) for key, item in value.items()}
    if isinstance(value, list) and isinstance(marked, list) and len(value) == len(marked):
        return [restore_templates(item, other, templates) for item, other in zip(value, marked, strict=True)]
    if not isinstance(marked, str) or not _MARKER.search(marked) or _without_markers(marked, templates) != value:
        return value
    text, position = "", 0
    for match in _MARKER.finditer(marked):
        text += escaped(marked[position : match.start()]) + templates[match[1]]
        position = match.end()
    return Expression(text + escaped(marked[position:]), value)


def escaped(text: str) -> str:
    """Return *text* such that it stays literal inside a template."""
    text = _OPENING.sub(lambda match: f"{{{{ '{match[0]}' }}}}", text)
    # A brace directly before a template would become part of the template's opening.
    return f"{text[:-1]}{{{{ '{{' }}}}" if text.endswith("{") else text


def restore_source(value: Any, evaluated_part: Any, source: Any, service: str, path: tuple[str, ...] = ()) -> Any:
    """Return *value* with the inventory's own templates in place of their values.

    :param evaluated_part: the part of *value* that comes from the inventory, evaluated.
    :param source: the same part as it is written in the inventory.
    :param path: the keys that lead from the *service* to *value*.
    :raises ValueError: naming service and key, if the files add to a template, or a value is encrypted in place.
    """
    if is_template(source):
        if value != evaluated_part:
            raise ValueError(
                f"{_where(service, path)} is one template in the inventory, and the files add to it; "
                "write the value out in the inventory"
            )
        return Expression(str(source), value)
    if isinstance(source, Mapping) and isinstance(evaluated_part, Mapping) and isinstance(value, Mapping):
        both = evaluated_part.keys() & source.keys()
        return {
            key: restore_source(item, evaluated_part[key], source[key], service, (*path, str(key)))
            if key in both
            else item
            for key, item in value.items()
        }
    if isinstance(source, (list, tuple)) and isinstance(evaluated_part, list) and isinstance(value, list):
        result = list(value)
        for item, other in zip(evaluated_part, source, strict=True):
            if item in result:
                result[result.index(item)] = restore_source(item, item, other, service, path)
        return result
    if not isinstance(source, (str, int, float, bool, type(None), Mapping, list, tuple)):
        raise ValueError(
            f"{_where(service, path)} is encrypted in place; put it into a variable and use the variable here"
        )
    return value


def _where(service: str, path: tuple[str, ...]) -> str:
    return f"service {service!r}: key {'.'.join(path)!r}" if path else f"service {service!r}"


def evaluated(value: Any) -> Any:
    """Return *value* with the current value of each template in its place."""
    if isinstance(value, Expression):
        return value.value
    if isinstance(value, Mapping):
        return {key: evaluated(item) for key, item in value.items()}
    return [evaluated(item) for item in value] if isinstance(value, list) else value
