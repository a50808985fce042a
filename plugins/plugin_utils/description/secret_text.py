"""Texts that contain secrets, written without knowing the secrets.

Place in the pipeline: description -> rendering. The controller does not know every secret: it never sees those that the
host generates. So a text travels as its parts: literal strings, and references ``{"secret": NAME, "quote": HOW}`` that
the host replaces (``module_utils/state/secret_store.py``). Pure.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

# Private-use characters: they survive Jinja, and nobody types them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([^|{_CLOSE}]+)\\|([a-z]+){_CLOSE}")

Part = str | dict[str, str]


def holds_secret(text: str) -> bool:
    """Return whether *text* contains a placeholder for a secret."""
    return _MARK.search(text) is not None


def mark(secret: str, quote: str = "raw") -> str:
    """Return a placeholder for *secret*.

    :param quote: how the value is quoted in the surrounding text, a name of :data:`state.quoting.QUOTING`.
    :raises ValueError: if there is no such way of quoting.
    """
    if quote not in QUOTING:
        raise ValueError(f"secret {secret!r}: {quote!r} is not a way of quoting; valid values: {', '.join(QUOTING)}")
    return f"{_OPEN}{secret}|{quote}{_CLOSE}"


def names(text: str) -> list[str]:
    """Return the names of the secrets in *text*."""
    return [match[1] for match in _MARK.finditer(text)]


def parts(text: str) -> tuple[Part, ...]:
    """Return *text* split into literal strings and references to secrets."""
    result: list[Part] = []
    position = 0
    for match in _MARK.finditer(text):
        if match.start() > position:
            result.append(text[position : match.start()])
        result.append({"secret": match[1], "quote": match[2]})
        position = match.end()
    if position < len(text):
        result.append(text[position:])
    return tuple(result)


def path(secret: str) -> str:
    """Return the path of a secret in the container."""
    return f"/run/secrets/{secret}"


@dataclass(frozen=True)
class SecretFile:
    """A file of the host's secret store: readable by one uid, addressed by its content.

    ``mode``: on the host only root can enter the directory of the file. So a file that everybody may read is read by
    the containers that mount it, whatever uid they have.

    Only the host knows the address. Compose reads it from :attr:`variable` in ``.env``.
    """

    name: str
    uid: int
    gid: int
    parts: tuple[Part, ...]
    mode: int = 0o400

    @property
    def variable(self) -> str:
        """The variable of ``.env`` that holds the address; no two files have the same."""
        written = re.sub("[^A-Z0-9]", "_", self.name.upper())
        if not re.fullmatch("[a-z0-9_]*", self.name):
            # Without it, `web-app` and `web_app` would have the same variable.
            written += f"_{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"
        return f"SECRET_{written}_{self.uid}"

    @property
    def key(self) -> str:
        """The name in Compose's top-level ``secrets``."""
        return f"{self.name}_{self.uid}"
