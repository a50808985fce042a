"""Environment files in the notation of Compose's parser: ``.env`` and the files of ``env_file``.

Place in the pipeline: description and rendering. Pure. The parser (compose-go's dotenv) interpolates inside double
quotes and expands backslash escapes there. A value in single quotes cannot contain a single quote. A bare value loses
spaces at its ends and everything after ``#``. So every value is in double quotes, with backslash, quote, dollar,
newline and carriage return escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

#: The names of variables that the parser accepts.
NAME = re.compile(r"[\w.\-\[\]]+")


def quote(value: str) -> str:
    """Return *value* in quotes; Compose reads back exactly this value.

    :raises ValueError: for a NUL character, which no environment variable can contain.
    """
    if "\0" in value:
        raise ValueError("an environment variable cannot contain a NUL character")
    return f'"{QUOTING["dotenv"](value)}"'


def dump(variables: Mapping[str, str], header: str = "", comments: Mapping[str, str] | None = None) -> str:
    """Return the text of a file with *variables*, one per line in their order.

    :param header: comment at the top, without ``#``.
    :param comments: by variable, a comment above it, of one or more lines.
    :raises ValueError: for a name or a value that the parser does not accept.
    """
    lines = [f"# {line}".rstrip() for line in header.splitlines()]
    for name, value in variables.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid name for an environment variable")
        if comments and name in comments:
            lines += [f"# {line}" for line in comments[name].splitlines()]
        try:
            lines.append(f"{name}={quote(value)}")
        except ValueError as error:
            raise ValueError(f"environment variable {name!r}: {error}") from None
    return "\n".join(lines) + "\n" if lines else ""
