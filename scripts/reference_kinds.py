"""What a kind brings to its services, and tells those that need them, as rows of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text

from scripts.markdown import code


def brings(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what a kind brings, as rows: what it is, and its value. :param body: evaluated."""
    for key in ("class", "image", "command", "port", "user", "networks", "volumes", "ports", "environment"):
        value = body[key]
        if isinstance(value, Mapping):
            value = {name: item for name, item in value.items() if item is not None}
        if value:
            yield key, code(value)
    for name, spec in body["secrets"].items():
        yield "secret", f"`{{name}}_{name}`, {spec['generate']} characters, generated on the server unless given"
    for name, spec in body["secret_texts"].items():
        yield "file", f"`{spec['target']}` ({name}), contains secrets"
    if body["data_version"]:
        yield "data version", f"`{body['data_version']['is']}`; another version on the volume is refused"
    for key in ("health", "stop_grace", "memory", "cpus", "compose"):
        if body[key]:
            yield key, code(body[key])
    for environment, keys in body["environments"].items():
        yield f"in {environment}", code(keys)
    for key, value in body["development"].items():
        if value:
            yield f"in a checkout, {key}", code(value)


def told(provides: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the variables of a service that needs one of a kind, as rows: name and value."""
    prefix = provides["prefix"]
    for key, value in provides["environment"].items():
        yield f"`{prefix}_{key}`", code(str(value))
    for key, name in provides["secret_files"].items():
        yield f"`{prefix}_{key}`", code(secret_text.path(f"{{name}}_{name}"))
    if provides["url"]:
        yield "the one that `url` names", code(provides["url"])
