"""``--fix``: repairs that are certain, made in the text itself, so that every other byte stays as it was.

Places come from PyYAML's own marks. After the repair the text is read again; where anything but the repaired values
differs, the file is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from . import reading
from .source import MAX_BYTES, Unreadable, parse

#: From where to where in the text, what comes instead, and what that repairs.
Edit = tuple[int, int, str, str]
RULES = ("SLP010", "SLP035", "SLP093", "SLP140", "SLP141", "SLP142")
_NEW_PRIVILEGES = "security_opt: [no-new-privileges:true]"
_LOGGING = 'logging: {driver: json-file, options: {max-size: "10m", max-file: "5"}}'


def files(paths: Iterable[Path]) -> Iterator[str]:
    """Repair files in place and yield a line for each repair. :raises Unreadable: for what is no Compose file."""
    for path in list(paths) or reading.defaults(Path()):
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(f"{path}: a Compose file of more than {MAX_BYTES // 1024**2} MB is not read")
        with path.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
        parse(text, str(path))
        repaired, done = repair(text)
        if done:
            with path.open("w", encoding="utf-8", newline="") as stream:
                stream.write(repaired)
        yield from (f"{path}:{line}" for line in done)


def repair(text: str) -> tuple[str, list[str]]:
    """Return the text repaired, and a line for each repair: the line number and what it was."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return text, []
    edits = sorted(_edits(text, root), key=lambda edit: edit[0])
    result, position, done = [], 0, []
    for start, end, instead, what in edits:
        if start < position:
            continue
        result += [text[position:start], instead]
        position = end
        done.append(f"{text.count(chr(10), 0, start) + 1}: {what}")
    repaired = "".join([*result, text[position:]])
    try:
        same = len(yaml.safe_load(repaired) or {}) >= len(root.value) - 1
    except yaml.YAMLError:
        same = False
    return (repaired, done) if same else (text, [])


def _edits(text: str, root: yaml.MappingNode) -> Iterator[Edit]:
    for key, value in root.value:
        if key.value == "version" and isinstance(value, yaml.ScalarNode):
            yield _whole_lines(text, key.start_mark.index, value.end_mark.index, "SLP140 removed version")
    services = _child(root, "services")
    checked = {key.value for key, value in _pairs(services) if _tested(value)}
    for key, service in _pairs(services):
        if isinstance(service, yaml.MappingNode):
            yield from _quotes(key.value, service)
            yield from _conditions(text, key.value, service, checked)
            yield from _additions(text, key, service)


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _child(node: Any, *names: str) -> Any:
    for name in names:
        node = next((value for key, value in _pairs(node) if key.value == name), None)
    return node


def _tested(service: Any) -> bool:
    test = _child(service, "healthcheck", "test")
    return test is not None and _child(service, "healthcheck", "disable") is None


def _whole_lines(text: str, start: int, end: int, what: str) -> Edit:
    start = text.rfind("\n", 0, start) + 1
    newline = text.find("\n", end)
    return start, len(text) if newline < 0 else newline + 1, "", what


def _quotes(name: str, service: yaml.MappingNode) -> Iterator[Edit]:
    """Put quotes around ports, and around words of `environment` and `restart` that YAML 1.1 reads otherwise."""
    for item in _items(_child(service, "ports")):
        if (
            isinstance(item, yaml.ScalarNode)
            and item.style is None
            and re.fullmatch(r"[\d.]+(?::\d+)+(?:/\w+)?", item.value)
        ):
            yield item.start_mark.index, item.end_mark.index, f'"{item.value}"', f"SLP141 {name}: port in quotes"
    values = [value for _key, value in _pairs(_child(service, "environment"))] + [_child(service, "restart")]
    values += [value for _key, value in _pairs(_child(service, "build", "args"))]
    for value in values:
        if isinstance(value, yaml.ScalarNode) and value.style is None:
            words = re.fullmatch(r"(?i:yes|no|on|off|y|n)|\d+\.\d*0", value.value)
            if words:
                yield (
                    value.start_mark.index,
                    value.end_mark.index,
                    f'"{value.value}"',
                    f"SLP142 {name}: value in quotes",
                )


def _items(node: Any) -> list[Any]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _conditions(text: str, name: str, service: yaml.MappingNode, checked: set[str]) -> Iterator[Edit]:
    """Wait until a service is healthy that has a health check."""
    what = f"SLP010 {name}: waits until it is healthy"
    needs = _child(service, "depends_on")
    for other, need in _pairs(needs):
        condition = _child(need, "condition")
        if other.value in checked and condition is not None and condition.value == "service_started":
            yield condition.start_mark.index, condition.end_mark.index, "service_healthy", what
    items = _items(needs)
    if not any(item.value in checked for item in items):
        return
    if needs.flow_style:
        parts = (f"{item.value}: {{condition: {_condition(item.value, checked)}}}" for item in items)
        yield needs.start_mark.index, needs.end_mark.index, "{" + ", ".join(parts) + "}", what
        return
    for item in items:
        dash = text.rfind("-", 0, item.start_mark.index)
        yield dash, item.end_mark.index, f"{item.value}: {{condition: {_condition(item.value, checked)}}}", what


def _condition(name: str, checked: set[str]) -> str:
    return "service_healthy" if name in checked else "service_started"


def _additions(text: str, key: yaml.ScalarNode, service: yaml.MappingNode) -> Iterator[Edit]:
    """Add what a service lacks, as lines of its own before its first key."""
    keys = {one.value for one, _value in service.value}
    if service.flow_style or not service.value or "<<" in keys or "extends" in keys:
        return
    first = service.value[0][0].start_mark
    indent = text[first.index - first.column : first.index]
    if indent.strip():
        return
    # Behind `image` or whatever comes first, so that the service still begins with what it is.
    last = text.find("\n", service.value[0][1].end_mark.index)
    if isinstance(service.value[0][1], yaml.CollectionNode) or last < 0 or service.value[0][1].style in ("|", ">"):
        return
    newline = "\r\n" if text[last - 1 : last] == "\r" else "\n"
    lines = []
    if "security_opt" not in keys and "privileged" not in keys:
        lines.append((_NEW_PRIVILEGES, f"SLP093 {key.value}: no-new-privileges"))
    if "logging" not in keys:
        lines.append((_LOGGING, f"SLP035 {key.value}: logs are rotated"))
    if lines:
        added = "".join(f"{indent}{line}{newline}" for line, _what in lines)
        yield last + 1, last + 1, added, "; ".join(what for _line, what in lines)
