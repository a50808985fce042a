"""The option ``--fix``: fixes that are safe, as edits of the text, so that every other byte stays the same.

The positions come from the marks of PyYAML. The fixed text is parsed again. If it is not YAML any more, or has lost a
top-level key, the file stays unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from ..compose_reader import reading, regular_file
from ..compose_reader.yaml_parser import parse

#: Start and end in the text, the new text, and a description of the fix.
Edit = tuple[int, int, str, str]
RULES = ("SLP010", "SLP035", "SLP093", "SLP140", "SLP141", "SLP142")
_NEW_PRIVILEGES = "security_opt: [no-new-privileges:true]"
_LOGGING = 'logging: {driver: json-file, options: {max-size: "10m", max-file: "5"}}'


def fix_files(paths: Iterable[Path]) -> Iterator[str]:
    """Fix files in place and yield a line for each fix. :raises Unreadable: if a file cannot be read."""
    for path in list(paths) or reading.default_files(Path()):
        text = regular_file.read_text(path)
        parse(text, str(path))
        fixed, done = fix_text(text)
        if done:
            with path.open("w", encoding="utf-8", newline="") as stream:
                stream.write(fixed)
        yield from (f"{path}:{line}" for line in done)


def fix_text(text: str) -> tuple[str, list[str]]:
    """Return the fixed text, and a line for each fix: the line number and a description."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return text, []
    edits = sorted(_edits(text, root), key=lambda edit: edit[0])
    result, position, done = [], 0, []
    for start, end, replacement, description in edits:
        if start < position:
            continue
        result += [text[position:start], replacement]
        position = end
        done.append(f"{text.count(chr(10), 0, start) + 1}: {description}")
    fixed = "".join([*result, text[position:]])
    try:
        # Only `version` may be missing.
        complete = len(yaml.safe_load(fixed) or {}) >= len(root.value) - 1
    except yaml.YAMLError:
        complete = False
    return (fixed, done) if complete else (text, [])


def _edits(text: str, root: yaml.MappingNode) -> Iterator[Edit]:
    for key, value in root.value:
        if key.value == "version" and isinstance(value, yaml.ScalarNode):
            yield _whole_lines(text, key.start_mark.index, value.end_mark.index, "SLP140 removed version")
    services = _child(root, "services")
    checked = {key.value for key, value in _pairs(services) if _has_health_check(value)}
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


def _has_health_check(service: Any) -> bool:
    test = _child(service, "healthcheck", "test")
    return test is not None and _child(service, "healthcheck", "disable") is None


def _whole_lines(text: str, start: int, end: int, description: str) -> Edit:
    """Return an edit that removes the lines from *start* to *end*."""
    start = text.rfind("\n", 0, start) + 1
    newline = text.find("\n", end)
    return start, len(text) if newline < 0 else newline + 1, "", description


def _quotes(name: str, service: yaml.MappingNode) -> Iterator[Edit]:
    """Yield edits that put quotes around ports, and around values that YAML 1.1 reads as something else."""
    for item in _items(_child(service, "ports")):
        if (
            isinstance(item, yaml.ScalarNode)
            and item.style is None
            and re.fullmatch(r"[\d.]+(?::\d+)+(?:/\w+)?", item.value)
        ):
            yield item.start_mark.index, item.end_mark.index, f'"{item.value}"', f"SLP141 {name}: put a port in quotes"
    values = [value for _key, value in _pairs(_child(service, "environment"))] + [_child(service, "restart")]
    values += [value for _key, value in _pairs(_child(service, "build", "args"))]
    for value in values:
        if isinstance(value, yaml.ScalarNode) and value.style is None:
            ambiguous = re.fullmatch(r"(?i:yes|no|on|off|y|n)|\d+\.\d*0", value.value)
            if ambiguous:
                yield (
                    value.start_mark.index,
                    value.end_mark.index,
                    f'"{value.value}"',
                    f"SLP142 {name}: put a value in quotes",
                )


def _items(node: Any) -> list[Any]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _conditions(text: str, name: str, service: yaml.MappingNode, checked: set[str]) -> Iterator[Edit]:
    """Yield edits that wait until a dependency with a health check is healthy."""
    description = f"SLP010 {name}: waits until the dependency is healthy"
    dependencies = _child(service, "depends_on")
    for other, options in _pairs(dependencies):
        condition = _child(options, "condition")
        if other.value in checked and condition is not None and condition.value == "service_started":
            yield condition.start_mark.index, condition.end_mark.index, "service_healthy", description
    items = _items(dependencies)
    if not any(item.value in checked for item in items):
        return
    if dependencies.flow_style:
        parts = (f"{item.value}: {{condition: {_condition(item.value, checked)}}}" for item in items)
        yield dependencies.start_mark.index, dependencies.end_mark.index, "{" + ", ".join(parts) + "}", description
        return
    for item in items:
        dash = text.rfind("-", 0, item.start_mark.index)
        yield dash, item.end_mark.index, f"{item.value}: {{condition: {_condition(item.value, checked)}}}", description


def _condition(name: str, checked: set[str]) -> str:
    return "service_healthy" if name in checked else "service_started"


def _additions(text: str, key: yaml.ScalarNode, service: yaml.MappingNode) -> Iterator[Edit]:
    """Yield an edit that adds missing keys to a service, as lines of their own after its first key."""
    keys = {node.value for node, _value in service.value}
    if service.flow_style or not service.value or "<<" in keys or "extends" in keys:
        return
    first = service.value[0][0].start_mark
    indent = text[first.index - first.column : first.index]
    if indent.strip():
        return
    # After the first key, so that the service still starts with its image.
    last = text.find("\n", service.value[0][1].end_mark.index)
    if isinstance(service.value[0][1], yaml.CollectionNode) or last < 0 or service.value[0][1].style in ("|", ">"):
        return
    newline = "\r\n" if text[last - 1 : last] == "\r" else "\n"
    lines = []
    if "security_opt" not in keys and "privileged" not in keys:
        lines.append((_NEW_PRIVILEGES, f"SLP093 {key.value}: set no-new-privileges"))
    if "logging" not in keys:
        lines.append((_LOGGING, f"SLP035 {key.value}: added log rotation"))
    if lines:
        added = "".join(f"{indent}{line}{newline}" for line, _description in lines)
        yield last + 1, last + 1, added, "; ".join(description for _line, description in lines)
