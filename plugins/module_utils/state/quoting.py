"""Quote a value inside another text, so that a parser of that text reads back exactly the value.

Place in the pipeline: controller, for settings; target, for secrets.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Mapping
from typing import Callable

_DOTENV = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"})
_NGINX = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_REDIS = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})

#: Quoting functions by name. ``raw``: unchanged; ``url``: a component of a URL; ``redis``: an argument in redis.conf,
#: with its quotes; ``dotenv``: the inside of a double-quoted value in an env file of Compose; ``json``: the inside of a
#: string in JSON.
QUOTING: Mapping[str, Callable[[str], str]] = {
    "raw": lambda value: value,
    "url": lambda value: urllib.parse.quote(value, safe="", errors="surrogateescape"),
    "redis": lambda value: '"' + value.translate(_REDIS) + '"',
    "dotenv": lambda value: value.translate(_DOTENV),
    "json": lambda value: json.dumps(value)[1:-1],
}


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LINE = re.compile(r'(?P<name>[^=\n]+)="(?P<value>(?:[^"\\]|\\.)*)"\n')


def from_dotenv(text: str) -> dict[str, str]:
    """Return the variables of an env file whose values are quoted with ``dotenv``, by name."""
    written = {"n": "\n", "r": "\r"}
    return {
        line["name"]: _ESCAPED.sub(lambda found: written.get(found[1], found[1]), line["value"])
        for line in _LINE.finditer(text)
    }


def bracketed(address: str) -> str:
    """Return an address, or a name, as it is written before a colon and a port (RFC 3986, section 3.2.2)."""
    return f"[{address}]" if ":" in address else address


def nginx_string(value: str) -> str:
    """Return one parameter of a directive of nginx, with its quotes.

    :raises ValueError: for a dollar sign, which begins a variable in most directives and which nothing escapes; and for
        what no parameter can contain.
    """
    if "$" in value:
        raise ValueError(f"{value!r} contains '$', which the configuration of nginx cannot express")
    return nginx_pattern(value)


def nginx_pattern(value: str) -> str:
    """Return a regular expression as one parameter, with its quotes, for a directive that knows no variables there.

    :raises ValueError: for what no parameter can contain.
    """
    if "\0" in value:
        raise ValueError(f"{value!r} contains a zero byte, which the configuration of nginx cannot express")
    _check_encodable(value)
    return '"' + value.translate(_NGINX) + '"'


def traefik_string(value: str) -> str:
    """Return a string inside a rule of Traefik, with its quotes. Rules have the syntax of Go."""
    _check_encodable(value)
    # A string of JSON is one of Go, as long as the characters above ASCII are written as they are.
    return json.dumps(value, ensure_ascii=False)


def traefik_file(text: str) -> str:
    """Return a whole file as Traefik must find it, which executes it as a template of Go before it parses it."""
    return text.replace("{{", '{{"{{"}}')


def _check_encodable(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{value!r} contains half of a character, which no file can contain") from None
