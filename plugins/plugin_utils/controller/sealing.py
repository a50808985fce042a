"""Values that are sealed between two tasks of a play: a result that is shown on the screen does not show them.

Ansible imports a plugin before it starts the processes that run it, so all of them have the key that is made here. It
is never written anywhere.

Place in the pipeline: used by the action plugins.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

_KEY = secrets.token_bytes(32)


def seal(name: str, value: str) -> str:
    """Return a value as text that only :func:`unseal` can read, in this run of Ansible."""
    content = value.encode("utf-8", "surrogateescape")
    nonce = secrets.token_bytes(16)
    return (nonce + _with_pad(name, nonce, content)).hex()


def unseal(name: str, sealed: str) -> str:
    """Return the value that was sealed under this name."""
    content = bytes.fromhex(sealed)
    return _with_pad(name, content[:16], content[16:]).decode("utf-8", "surrogateescape")


def _with_pad(name: str, nonce: bytes, content: bytes) -> bytes:
    blocks = range(0, len(content), hashlib.sha256().digest_size)
    pad = b"".join(hmac.digest(_KEY, nonce + name.encode() + b"\0%d" % block, "sha256") for block in blocks)
    return bytes(one ^ other for one, other in zip(content, pad, strict=False))
