"""Templates of the inventory found again in what became of them: a version stays ``{{ app_version }}``.

Place in the pipeline: project, for ``adopt``. Pure. The files are read twice, with the variables' values and with marks
in their place; where both readings agree but for the marks, the templates can stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Private-use characters, which nobody types.
_MARK = re.compile("\ue004([^\ue005]+)\ue005")
_OPENING = re.compile(r"\{[{%#]")


class Expression(str):
    """A text that Ansible is to evaluate, and what it gives now."""

    __slots__ = ("value",)
    value: Any

    def __new__(cls, text: str, value: Any) -> Expression:
        """Return the template *text*, which gives *value*."""
        self = super().__new__(cls, text)
        self.value = value
        return self


def is_template(value: object) -> bool:
    """Return whether Ansible would evaluate *value*, a text as the inventory has it."""
    return isinstance(value, str) and _OPENING.search(value) is not None


def mark(variable: str) -> str:
    """Return what stands for a variable in the second reading."""
    return f"\ue004{variable}\ue005"


def agrees(value: Any, second: Any, templates: Mapping[str, Expression]) -> bool:
    """Return whether the *second* reading is the first but for marks, so that templates can stand for all of them."""
    if isinstance(value, Mapping) and isinstance(second, Mapping):
        return value.keys() == second.keys() and all(agrees(value[key], second[key], templates) for key in value)
    if isinstance(value, list) and isinstance(second, list):
        return len(value) == len(second) and all(map(agrees, value, second, [templates] * len(value)))
    return bool(value == (_filled(second, templates) if isinstance(second, str) else second))


def _filled(second: str, templates: Mapping[str, Expression]) -> str:
    return _MARK.sub(lambda match: str(templates[match[1]].value), second)


def put_back(value: Any, second: Any, templates: Mapping[str, Expression]) -> Any:
    """Return *value* with templates in the place of what came of them.

    :param second: the same with marks, where the second reading has it at all.
    :param templates: by variable.
    """
    if isinstance(value, Mapping) and isinstance(second, Mapping):
        return {key: put_back(item, second.get(key), templates) for key, item in value.items()}
    if isinstance(value, list) and isinstance(second, list) and len(value) == len(second):
        return [put_back(item, other, templates) for item, other in zip(value, second, strict=True)]
    if not isinstance(second, str) or not _MARK.search(second) or _filled(second, templates) != value:
        return value
    text, position = "", 0
    for match in _MARK.finditer(second):
        text += escaped(second[position : match.start()]) + templates[match[1]]
        position = match.end()
    return Expression(text + escaped(second[position:]), value)


def escaped(text: str) -> str:
    """Return *text* such that it stays what it is inside of a template."""
    text = _OPENING.sub(lambda match: f"{{{{ '{match[0]}' }}}}", text)
    # A brace before a template would belong to its opening.
    return f"{text[:-1]}{{{{ '{{' }}}}" if text.endswith("{") else text


def as_written(value: Any, said: Any, written: Any, service: str, path: tuple[str, ...] = ()) -> Any:
    """Return *value* with the inventory's own templates in the place of what came of them.

    :param said: the part of it that the inventory says, evaluated. :param written: the same as it is written there.
    :param path: the keys that lead to it, from the *service* on.
    :raises ValueError: naming service and key, for what would have to be taken apart, or be written in the open.
    """
    if is_template(written):
        if value != said:
            raise ValueError(f"{_where(service, path)} is a template of the inventory to which the files add something")
        return Expression(str(written), value)
    if isinstance(written, Mapping) and isinstance(said, Mapping) and isinstance(value, Mapping):
        both = said.keys() & written.keys()
        return {
            key: as_written(item, said[key], written[key], service, (*path, str(key))) if key in both else item
            for key, item in value.items()
        }
    if isinstance(written, (list, tuple)) and isinstance(said, list) and isinstance(value, list):
        result = list(value)
        for one, other in zip(said, written, strict=True):
            if one in result:
                result[result.index(one)] = as_written(one, one, other, service, path)
        return result
    if not isinstance(written, (str, int, float, bool, type(None), Mapping, list, tuple)):
        raise ValueError(f"{_where(service, path)} is encrypted where it stands; name a variable there that has it")
    return value


def _where(service: str, path: tuple[str, ...]) -> str:
    return f"service {service!r}: key {'.'.join(path)!r}" if path else f"service {service!r}"


def evaluated(value: Any) -> Any:
    """Return *value* with what each template gives in its place."""
    if isinstance(value, Expression):
        return value.value
    if isinstance(value, Mapping):
        return {key: evaluated(item) for key, item in value.items()}
    return [evaluated(item) for item in value] if isinstance(value, list) else value
