"""Comments in the Compose files, above keys whose values would surprise a reader.

Place in the pipeline: compose. Pure. The documents are data, which has no comments. So the comments are added to the
text, each above the line of its key.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import pod

#: By section and entry of a document, then by key; the key "" is the entry itself.
Comments = Mapping[tuple[str, str], Mapping[str, str]]

_POD = {
    "entrypoint": "Does nothing but hold the ports and the networks, so that one nginx can follow another on them.",
    "sysctls": "What waits for an nginx that closes goes over to the one beside it.",
}
_PROXY = {"network_mode": "Ports and networks are those of the pod, which stays when nginx is replaced."}
_JOB = {"profiles": "`docker compose up` leaves it alone; a deploy runs it by name, before anything switches."}
_DATA = {"": "No way out of it, and none in but through the services that are on it."}

_SECTION = re.compile(r"([a-z]+):")
_ENTRY = re.compile(r" {2}['\"]?([A-Za-z0-9_.-]+)['\"]?:")
_KEY = re.compile(r" {4}([a-z_]+):")


def for_stack(stack: Stack) -> Comments:
    """Return the comments for the documents of *stack*."""
    result: dict[tuple[str, str], Mapping[str, str]] = {("networks", "data"): _DATA}
    for service in stack.services.values():
        notes = {str(key): str(text) for key, text in service.kind.body["notes"].items()}
        result["services", service.name] = {**notes, **(_PROXY if service.kind.edge else {})}
        if service.kind.edge:
            result["services", pod.name(service)] = _POD
        if service.release is not None:
            result["services", f"{service.name}-release"] = _JOB
    return result


def annotate(text: str, comments: Comments) -> str:
    """Return *text* with each comment above its line; *text* is YAML in block style, indented by two spaces."""
    lines: list[str] = []
    section = entry = ""
    for line in text.splitlines(keepends=True):
        comment = None
        if found := _SECTION.match(line):
            section, entry = found[1], ""
        elif found := _ENTRY.match(line):
            entry = found[1]
            comment = comments.get((section, entry), {}).get("")
        elif found := _KEY.match(line):
            comment = comments.get((section, entry), {}).get(found[1])
        if comment:
            indent = " " * (len(line) - len(line.lstrip(" "))) + "# "
            lines += [
                f"{part}\n" for part in textwrap.wrap(comment, 110, initial_indent=indent, subsequent_indent=indent)
            ]
        lines.append(line)
    return "".join(lines)
