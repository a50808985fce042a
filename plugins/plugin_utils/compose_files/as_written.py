"""Keys and values of a team's files that Compose refuses, before any notation is converted.

Place in the pipeline: compose_files, before the other checks. Pure. ``value_types`` knows what is allowed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import unsupported
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import Problems, service_key
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.reading import Document
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import KeyPath, mark_at
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.value_types import Mistake, mistakes, shown
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion


def check(document: Document, problems: Problems, excluded: Collection[str]) -> frozenset[str]:
    """Add each key and value that Compose refuses to *problems*.

    :param excluded: services that the inventory replaces or leaves out; they are not checked.
    :returns: the services with a value of a wrong type, which no later step can read.
    """
    unreadable = set()
    for content in document.as_written:
        for mistake in mistakes(content):
            if not _is_checked_elsewhere(document, mistake, excluded):
                problems.add(mark_at(content, mistake.path), _where(mistake.path), _message(mistake))
                if mistake.kind == "type" and mistake.path[0] == "services" and len(mistake.path) > 1:
                    unreadable.add(str(mistake.path[1]))
    return frozenset(unreadable)


def _is_checked_elsewhere(document: Document, mistake: Mistake, excluded: Collection[str]) -> bool:
    """Return whether a mistake does not count: for its service, for another file, or as ``unsupported`` knows more."""
    if mistake.kind == "absent" and _is_given(document, mistake.path):
        return True
    if mistake.kind == "newer" and mistake.path[-1] in unsupported.KEYS:
        return True
    return len(mistake.path) > 1 and mistake.path[0] == "services" and mistake.path[1] in excluded


def _is_given(document: Document, path: KeyPath) -> bool:
    """Return whether all files together have a value at *path*: one of them may leave it to another one.

    An item of a list cannot be left to another file.
    """
    if isinstance(path[-1], int):
        return False
    value: Any = {**document.top, "services": document.services}
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return False
    return value not in (None, {}, [])


def _where(path: KeyPath) -> str:
    if path[0] != "services" or len(path) == 1:
        return f"key {shown(path)!r}"
    return service_key(str(path[1]), shown(path[2:])) if len(path) > 2 else f"service {path[1]!r}"


def _message(mistake: Mistake) -> str:
    if mistake.kind != "unknown":
        return mistake.message
    owner, key = mistake.path[:-1], str(mistake.path[-1])
    in_service = owner[0] == "services" if owner else False
    inside = shown(owner[2:] if in_service else owner)
    named = inside or ("a service" if in_service else "a Compose file")
    near = suggestion(key, list(mistake.valid))
    return f"is not a key of {named}{near if 'did you mean' in near else '; your own keys begin with x-'}"
