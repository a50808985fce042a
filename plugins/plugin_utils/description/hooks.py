"""The hooks of a service, ``post_start`` and ``pre_stop``, as the server runs them.

Place in the pipeline: description checks them, rendering writes them into the manifest. Pure. The Compose file of the
release has them, too, for people who use ``docker compose`` on the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import long_syntax
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.scalars import scalar_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description import command_words

KEYS = ("post_start", "pre_stop")
_TRUE = ("true", "1", "t")


def read(given: Any) -> list[dict[str, Any]]:
    """Return the hooks under one of the :data:`KEYS`, for the manifest.

    ``{command: [WORD, ...], user, working_dir: TEXT, privileged: BOOLEAN, environment: [NAME=VALUE or NAME, ...]}``. A
    variable without a value is removed from the environment of the container.

    :param given: the value of the key in Compose's notation, with dollars doubled.
    :raises ValueError: for a value that is no list of hooks, or a command that cannot run. Its text follows the key.
    """
    if given is None:
        return []
    if not isinstance(given, list):
        raise ValueError(f"{given!r} is not a list of commands")
    return [_hook(entry) for entry in given]


def _hook(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise ValueError(f"{entry!r} is not a mapping with a 'command'")
    return {
        "command": _command(entry.get("command")),
        "user": _text(entry.get("user")),
        "privileged": scalar_text(entry.get("privileged")).lower() in _TRUE,
        "working_dir": _text(entry.get("working_dir")),
        "environment": [_text(pair) for pair in environment(entry.get("environment"))],
    }


def environment(given: Any) -> list[str]:
    """Return the variables of a hook as ``NAME=VALUE``, or ``NAME`` for one without a value."""
    pairs = long_syntax.pairs(given)
    return [name if value is None else f"{name}={scalar_text(value)}" for name, value in pairs.items()]


def _command(given: Any) -> list[str]:
    try:
        words = command_words.split(given) if isinstance(given, str) else given
    except ValueError as error:
        raise ValueError(f"the command {given!r} {error}; write it as a list of words") from None
    if not words or not isinstance(words, list):
        raise ValueError("a hook has no command; name a program")
    return [_text(word) for word in words]


def _text(value: Any) -> str:
    """Return a scalar as text, as it is without the doubling of dollars."""
    return scalar_text(value).replace("$$", "$")
