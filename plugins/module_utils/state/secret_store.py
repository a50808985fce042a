"""The host's secrets: made or received once, written as files that exactly one uid can read.

Place in the pipeline: target, ship. Below ``secrets/`` (0700, root): ``salt``; ``generated/NAME``, the secrets made
here; ``UID/NAME.ADDRESS``, the files that containers see, 0400 and owned by that uid. An address is a keyed hash (HMAC)
of the content, so that a changed secret has another path and Compose recreates who reads it, while the address, which
stands in labels, tells nothing about a weak password.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import string
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

_ALPHABET = string.ascii_letters + string.digits


class SecretStore:
    """The secrets of one stack below *home*.

    With ``dry`` nothing is written: a secret that would be made here gets an address of its own, so that a plan shows
    it as new.
    """

    def __init__(self, home: Path, dry: bool = False) -> None:
        self._root = home / "secrets"
        self._dry = dry
        #: What was not there yet, in words: ``NAME for uid UID``.
        self.written: list[str] = []

    def addresses(self, files: Sequence[Mapping[str, Any]], sources: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Return the address of each file by its variable, after writing those that are not there yet.

        :param files: ``name``, ``uid``, ``gid``, ``variable`` and ``parts`` of each.
        :param sources: by secret, ``{"value": TEXT}`` or ``{"generate": LENGTH}``.
        """
        if not files:
            return {}
        salt = self._salt()
        values = {name: self._value(name, source) for name, source in sources.items()}
        result = {}
        for file in files:
            content = "".join(
                part if isinstance(part, str) else QUOTING[part["quote"]](values[part["secret"]])
                for part in file["parts"]
            ).encode()
            address = hmac.new(salt, content, hashlib.sha256).hexdigest()[:16]
            result[file["variable"]] = address
            path = self._path(file, address)
            if not self._holds(path, content):
                self.written.append(f"{file['name']} for uid {file['uid']}")
                self._write(path, content, file["uid"], file["gid"])
        return result

    def prune(self, kept: set[str]) -> None:
        """Remove the files whose address is not in *kept*. What was made here stays: it is the only copy."""
        for folder in self._root.glob("[0-9]*"):
            for path in folder.iterdir():
                if path.name.rpartition(".")[2] not in kept:
                    path.unlink()

    def _path(self, file: Mapping[str, Any], address: str) -> Path:
        """Return where a file of this content is."""
        return self._root / str(file["uid"]) / f"{file['name']}.{address}"

    def _holds(self, path: Path, content: bytes) -> bool:
        """Return whether *content* is there; a path that has an address in it stands for its content."""
        return path.exists()

    def _salt(self) -> bytes:
        path = self._root / "salt"
        if not path.exists():
            self._write(path, secrets.token_hex(32).encode(), 0, 0)
        return path.read_bytes() if path.exists() else b"dry"

    def _value(self, name: str, source: Mapping[str, Any]) -> str:
        if source.get("value") is not None:
            return str(source["value"])
        path = self._root / "generated" / name
        if not path.exists():
            made = "".join(secrets.choice(_ALPHABET) for _ in range(int(source["generate"])))
            self._write(path, made.encode(), 0, 0)
            return made
        return path.read_text(encoding="utf-8")

    def _write(self, path: Path, content: bytes, uid: int, gid: int) -> None:
        """Write a file whole or not at all, its owner and mode set before it has its name."""
        if self._dry:
            return
        for folder in (self._root, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                self._hand_over(stream.fileno(), uid, gid)
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def _hand_over(self, descriptor: int, uid: int, gid: int) -> None:
        """Give an open file to the one who may read it."""
        os.fchmod(descriptor, 0o400)
        os.fchown(descriptor, uid, gid)
