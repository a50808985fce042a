"""The secrets of a stack on the host: generated or received once, as files that exactly one uid can read.

Place in the pipeline: target, ship. The directory ``secrets/`` (0700, root) has:

- ``salt``
- ``generated/NAME``: the secrets that were generated on this host
- ``previous/NAME``: the value of a secret before its last rotation, where a service reads that too
- ``rotation/``: the values of a rotation that is under way (``rotation/values.py``)
- ``renamed.json``: files whose content a rotation has changed (``renamed``)
- ``UID/NAME.ADDRESS``: the files that containers see, mode 0400, owned by that uid

An address is a keyed hash (HMAC) of the content. A changed secret gets another path, so Compose recreates the services
that read it. Labels contain the address. The key prevents that a weak password can be guessed from it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import string
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError, MissingFile
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING
from ansible_collections.slipway.stack.plugins.module_utils.state.renamed import Renamed

#: ``NAME.ADDRESS``, and the name of a file before it gets that.
_FILE, _UNFINISHED = re.compile(r".+\.([0-9a-f]{16})"), re.compile(r"tmp[a-z0-9_]{8}")
_ALPHABET = string.ascii_letters + string.digits
_SALT_BYTES = 32
#: Sizes in bytes: of the files that only this store writes, and of a secret. A release arrives in one request.
_MAX_OWN_FILE, _MAX_FILE = 4096, 64 * 1024**2


class DamagedSecret(ValueError):
    """A file of the store is damaged. The message names it and the remedy, and never has the content."""


class SecretStore:
    """The secrets of one stack in the directory *home*.

    In a dry run nothing is written. A secret that would be generated gets a random address, so a plan shows it as new.
    """

    #: Whether the name of a file has the address of its content, so that another content is damage.
    _ADDRESSED = True

    def __init__(self, home: Path, dry_run: bool = False) -> None:
        self._root = home / "secrets"
        self._dry_run = dry_run
        #: The files that did not exist yet, as ``NAME for uid UID``.
        self.written: list[str] = []

    def addresses(self, files: Sequence[Mapping[str, Any]], sources: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Write the files that do not exist yet, and return the address of each file by its variable.

        Bytes of a binary secret that are not UTF-8 are lone surrogates in its value.

        :param files: ``name``, ``uid``, ``gid``, ``mode``, ``variable`` and ``parts`` of each file.
        :param sources: ``{"value": TEXT}``, ``{"generate": LENGTH}`` or ``{"previous": NAME}`` by the name of the
            secret.
        :raises DamagedSecret: if a file of the store is not what this store has written.
        """
        if not files:
            return {}
        salt, renamed = self._salt(), self._renamed()
        values = {name: self.value(name, source) for name, source in sources.items()}
        result = {}
        for file in files:
            content = "".join(
                part if isinstance(part, str) else QUOTING[part["quote"]](values[part["secret"]])
                for part in file["parts"]
            ).encode("utf-8", "surrogateescape")
            address = renamed.in_path(file, _address(salt, content))
            result[file["variable"]] = address
            path = self._path(file, address)
            existing = self._read(path, _MAX_FILE)
            if existing == content:
                continue
            if existing is not None and self._ADDRESSED:
                raise DamagedSecret(_changed(path))
            self.written.append(f"{file['name']} for uid {file['uid']}")
            self._write(path, content, file["uid"], file["gid"], file.get("mode", 0o400))
        return result

    def fingerprint(self, parts: Sequence[Any], sources: Mapping[str, Mapping[str, Any]]) -> str:
        """Return a keyed hash of a text with secrets; empty if one of them is to be generated and does not exist yet.

        :param parts: as in a file's ``parts``; quoting is not applied. :param sources: see :meth:`addresses`.
        """
        names = [part["secret"] for part in parts if not isinstance(part, str)]
        generated = [name for name in names if sources[name].get("value") is None]
        if any(self._read(self._root / "generated" / name, _MAX_FILE) is None for name in generated):
            return ""
        text = "".join(
            part if isinstance(part, str) else self.value(part["secret"], sources[part["secret"]]) for part in parts
        )
        return _address(self._salt(), text.encode())

    def address(self, content: bytes) -> str:
        """Return the address of a content."""
        return _address(self._salt(), content)

    def key(self) -> str:
        """Return a name for the salt. A hash with another salt cannot be compared."""
        return hashlib.sha256(self._salt()).hexdigest()[:16]

    def problems(self, manifest: Mapping[str, Any]) -> list[str]:
        """Return a sentence for each secret file of a release that is missing or damaged.

        Manifests of older versions of the collection do not have the list of files.
        """
        result = []
        try:
            salt = self._salt(create=False) if manifest.get("secret_files") else None
            renamed = self._renamed()
        except DamagedSecret as error:
            return [str(error)]
        if salt is None:
            return []
        for file in manifest["secret_files"]:
            path = self._path(file, manifest["addresses"].get(file["variable"], ""))
            try:
                content = self._read(path, _MAX_FILE)
                if content is None:
                    result.append(_missing(path))
                elif renamed.in_path(file, _address(salt, content)) != path.suffix[1:]:
                    result.append(_changed(path))
            except DamagedSecret as error:
                result.append(str(error))
        return result

    def content(self, manifest: Mapping[str, Any], variable: str) -> bytes:
        """Return the content of a secret file of a release.

        :raises DamagedSecret: if it is missing.
        """
        file = next(one for one in manifest["secret_files"] if one["variable"] == variable)
        path = self._path(file, manifest["addresses"].get(variable, ""))
        content = self._read(path, _MAX_FILE)
        if content is None:
            raise DamagedSecret(_missing(path))
        return content

    def prune(self, manifests: Sequence[Mapping[str, Any]]) -> None:
        """Remove the files that no release needs. Generated secrets are kept: they are the only copy.

        :param manifests: of all releases. Those of older versions of the collection have addresses without names.
        """
        kept = {address for manifest in manifests for address in manifest["addresses"].values()}
        # Two files can have the same content, and with it the same address.
        paths = {
            self._path(file, manifest["addresses"].get(file["variable"], ""))
            for manifest in manifests
            for file in manifest.get("secret_files", [])
        }
        is_named = all("secret_files" in manifest for manifest in manifests)
        for folder in self._root.glob("[0-9]*"):
            for path in folder.iterdir():
                address = _FILE.fullmatch(path.name)
                needed = path in paths if is_named else bool(address and address[1] in kept)
                # Other names are not ours, except those of files that a killed process has not finished.
                if (address and not needed) or (_UNFINISHED.fullmatch(path.name) and path.is_file()):
                    path.unlink()
        self._renamed().prune(kept)

    def _renamed(self) -> Renamed:
        renamed = Renamed(self._root)
        if renamed.problem:
            raise DamagedSecret(renamed.problem)
        return renamed

    def _path(self, file: Mapping[str, Any], address: str) -> Path:
        """Return the path of a file with the content of *address*."""
        return self._root / str(file["uid"]) / f"{file['name']}.{address}"

    def _salt(self, create: bool = True) -> bytes:
        path = self._root / "salt"
        salt = self._read(path, _MAX_OWN_FILE)
        if salt is None and create:
            salt = secrets.token_hex(_SALT_BYTES).encode()
            self._write(path, salt, 0, 0)
        if salt is not None and not re.fullmatch(rb"[0-9a-f]{%d}" % (2 * _SALT_BYTES), salt):
            raise DamagedSecret(
                f"{path} is damaged ({len(salt)} bytes); restore it from a backup, or remove it: then the next deploy "
                f"replaces every container that reads a secret"
            )
        return salt or b""

    def value(self, name: str, source: Mapping[str, Any]) -> str:
        """Return the value of a secret, which is generated now if it never was.

        :param source: see :meth:`addresses`. :raises DamagedSecret: if the file that has it is damaged.
        """
        if source.get("value") is not None:
            return str(source["value"])
        if source.get("previous"):
            return (self._read(self._root / "previous" / str(source["previous"]), _MAX_FILE) or b"").decode()
        length = int(source["generate"])
        path = self._root / "generated" / name
        content = self._read(path, _MAX_FILE)
        if content is None:
            generated = "".join(secrets.choice(_ALPHABET) for _position in range(length))
            self._write(path, generated.encode(), 0, 0)
            return generated
        if len(content) != length:
            raise DamagedSecret(
                f"secret '{name}': {path} has {len(content)} characters, the description says generate: {length}; "
                f"restore it from a backup"
                + (f", or set generate: {len(content)} if it is right" if content else "")
                + "; it is the only copy of a value that may be in use"
            )
        if not set(content) <= set(_ALPHABET.encode()):
            raise DamagedSecret(
                f"secret '{name}': {path} has other characters than letters and digits, so it was not generated here; "
                f"restore it from a backup, or give the value to the secret in place of generate"
            )
        return content.decode()

    def _read(self, path: Path, max_size: int) -> bytes | None:
        """Return the content of a file of the store, ``None`` if it does not exist.

        :raises DamagedSecret: if it is not a regular file, is too large, or cannot be read.
        """
        home = self._root.parent
        try:
            return foreign_file.read_bytes(home, str(path.relative_to(home)), max_size)
        except MissingFile:
            return None
        except ForeignFileError as error:
            raise DamagedSecret(f"{error}; restore it from a backup, or remove it and deploy again") from None

    def _write(self, path: Path, content: bytes, uid: int, gid: int, mode: int = 0o400) -> None:
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
                self._hand_over(stream.fileno(), uid, gid, mode)
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def _hand_over(self, descriptor: int, uid: int, gid: int, mode: int) -> None:
        """Set mode and owner of an open file. On this host only root can enter its directory, whatever its mode is."""
        os.fchmod(descriptor, mode)
        os.fchown(descriptor, uid, gid)


def _address(salt: bytes, content: bytes) -> str:
    return hmac.new(salt, content, hashlib.sha256).hexdigest()[:16]


def _missing(path: Path) -> str:
    return f"{path} does not exist; deploy again, which writes it from its source"


def _changed(path: Path) -> str:
    return (
        f"{path} was changed after it was written; remove it, deploy again, and restart the containers that read it "
        f"(docker restart)"
    )
