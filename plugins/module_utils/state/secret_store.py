"""The secrets of a stack on the host: generated or received once, as files that exactly one uid can read.

Place in the pipeline: target, ship. The directory ``secrets/`` (0700, root) has:

- ``salt``
- ``generated/NAME``: the secrets that were generated on this host
- ``UID/NAME.ADDRESS``: the files that containers see, mode 0400, owned by that uid

An address is a keyed hash (HMAC) of the content. A changed secret gets another path, so Compose recreates the services
that read it. Labels contain the address. The key prevents that a weak password can be guessed from it.
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
    """The secrets of one stack in the directory *home*.

    In a dry run nothing is written. A secret that would be generated gets a random address, so a plan shows it as new.
    """

    def __init__(self, home: Path, dry_run: bool = False) -> None:
        self._root = home / "secrets"
        self._dry_run = dry_run
        #: The files that did not exist yet, as ``NAME for uid UID``.
        self.written: list[str] = []

    def addresses(self, files: Sequence[Mapping[str, Any]], sources: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Write the files that do not exist yet, and return the address of each file by its variable.

        :param files: ``name``, ``uid``, ``gid``, ``variable`` and ``parts`` of each file.
        :param sources: ``{"value": TEXT}`` or ``{"generate": LENGTH}`` by the name of the secret.
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
        """Remove the files whose address is not in *kept*. Generated secrets are kept: they are the only copy."""
        for folder in self._root.glob("[0-9]*"):
            for path in folder.iterdir():
                if path.name.rpartition(".")[2] not in kept:
                    path.unlink()

    def _path(self, file: Mapping[str, Any], address: str) -> Path:
        """Return the path of a file with the content of *address*."""
        return self._root / str(file["uid"]) / f"{file['name']}.{address}"

    def _holds(self, path: Path, content: bytes) -> bool:
        """Return whether the file at *path* has *content*. The address in the path stands for the content."""
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
            generated = "".join(secrets.choice(_ALPHABET) for _position in range(int(source["generate"])))
            self._write(path, generated.encode(), 0, 0)
            return generated
        return path.read_text(encoding="utf-8")

    def _write(self, path: Path, content: bytes, uid: int, gid: int) -> None:
        """Write a file completely or not at all. It gets its owner and mode before its name."""
        if self._dry_run:
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
        """Set mode and owner of an open file, so that only this uid can read it."""
        os.fchmod(descriptor, 0o400)
        os.fchown(descriptor, uid, gid)
