"""Passwords inside of URLs, such as ``postgres://app:changethis@db/app``: only the password becomes a secret.

Place in the pipeline: project. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_URL = re.compile(
    r"(?P<before>[a-zA-Z][\w+.-]{0,30}://[^\s:/@]{0,200}:)(?P<password>[^\s/@]{1,200})(?P<at>@(?P<host>[\w.-]{1,200}))"
)


@dataclass(frozen=True)
class UrlPassword:
    """A password in a URL: the text ``before`` and ``after`` it, and the ``host`` that it is for."""

    before: str
    password: str
    after: str
    host: str


def find(text: str) -> UrlPassword | None:
    """Return the first password in a URL, ``None`` if there is none."""
    match = _URL.search(text[:4000])
    if not match:
        return None
    return UrlPassword(
        text[: match.start("password")], match["password"], text[match.end("password") :], match["host"].lower()
    )
