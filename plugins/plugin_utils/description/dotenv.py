"""Files of variables as Compose's own parser reads them: ``.env`` and the files under ``env_file``.

Place in the pipeline: compose. Pure. The parser (compose-go's dotenv) interpolates inside double quotes and expands
backslash escapes there; single quotes cannot hold a single quote, and bare values lose edge spaces and ``#``. So every
value stands in double quotes, with backslash, quote, dollar, newline and carriage return escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

#: What the parser takes for a variable's name.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def quote(value: str) -> str:
    """Return *value* so that Compose reads back exactly it.

    :raises ValueError: for a NUL character, which no environment variable can hold.
    """
    if "\0" in value:
        raise ValueError("a value with a NUL character cannot be an environment variable")
    return f'"{QUOTING["dotenv"](value)}"'


def dump(variables: Mapping[str, str], header: str = "", comments: Mapping[str, str] | None = None) -> str:
    """Return the text of a file with *variables*, one per line in their order.

    :param header: lines of comment for the top, without their ``#``.
    :param comments: by variable, a comment for above it, of one or more lines.
    :raises ValueError: for a name that the parser would not read, or a value that it cannot hold.
    """
    lines = [f"# {line}".rstrip() for line in header.splitlines()]
    for name, value in variables.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for an environment variable")
        if comments and name in comments:
            lines += [f"# {line}" for line in comments[name].splitlines()]
        try:
            lines.append(f"{name}={quote(value)}")
        except ValueError as error:
            raise ValueError(f"environment variable {name!r}: {error}") from None
    return "\n".join(lines) + "\n" if lines else ""
