"""The certificate of the edge on this host: a directory for each, named by its content, and a link to the one in use.

Place in the pipeline: target, under ``configuration``. The directories are below the one that the proxy's container
mounts. A key belongs to the user of the proxy, and nobody else can read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

#: The directory of the certificates in that of the edge, and the files of one.
FOLDER, CHAIN, KEY = "certificates", "chain.pem", "key.pem"
#: In place of the name of a certificate where there is none.
MISSING = "missing"
_ABOUT, _CURRENT = "about.json", "current"
_NAME = re.compile(r"[0-9a-f]{16}")
_FIELDS: Mapping[str, state_file.Types] = {
    "source": str,
    "names": list,
    "issuer": str,
    "not_after": (int, float),
    "fingerprint": str,
    "has_ocsp": bool,
}


@dataclass(frozen=True)
class About:
    """What there is to know of a certificate.

    ``source``: ``acme``, ``files``, ``internal``, or ``moment`` for one that only fills the time until the real one.
    ``names``: of hosts. ``not_after``: seconds of the epoch. ``fingerprint``: SHA-256 of the certificate, in lower-case
    hexadecimal digits. ``has_ocsp``: whether its issuer answers whether it was revoked.
    """

    source: str
    names: tuple[str, ...]
    issuer: str
    not_after: float
    fingerprint: str
    has_ocsp: bool


@dataclass(frozen=True)
class Certificate:
    """A certificate on this host. ``name``: that of its directory."""

    name: str
    about: About


def current(home: Home) -> Certificate | None:
    """Return the certificate in use; ``None`` if there is none, or what there is cannot be used."""
    try:
        name = os.path.basename(os.readlink(_folder(home) / _CURRENT))
    except OSError:
        return None
    folder = _folder(home) / name
    found = state_file.read(folder / _ABOUT, _FIELDS, "").value
    if not _NAME.fullmatch(name) or found is None or not (folder / CHAIN).is_file() or not (folder / KEY).is_file():
        return None
    values = {**{field: found[field] for field in _FIELDS}, "names": tuple(map(str, found["names"]))}
    return Certificate(name, About(**values))


def write(home: Home, chain: str, key: str, about: About, owner: int) -> Certificate:
    """Write a certificate next to the one in use, if it is not there yet.

    :param chain: certificates in PEM, that of the host first. :param key: its private key in PEM, without a passphrase.
    :param owner: the uid of the proxy.
    """
    name = hashlib.sha256(json.dumps([chain, key, asdict(about), owner]).encode()).hexdigest()[:16]
    folder = _folder(home) / name
    if not folder.is_dir():
        incoming = folder.with_name(f".{name}")
        shutil.rmtree(incoming, ignore_errors=True)
        write_text(incoming / CHAIN, chain)
        write_text(incoming / _ABOUT, json.dumps({"format": state_file.FORMAT, **asdict(about)}) + "\n")
        write_text(incoming / KEY, key, 0o400)
        os.chown(incoming / KEY, owner, -1)
        incoming.rename(folder)
    return Certificate(name, about)


def use(home: Home, name: str) -> None:
    """Make a certificate the one in use. The proxy gets it with its next configuration."""
    link(_folder(home) / _CURRENT, name)


def pair(home: Home, name: str) -> tuple[str, str]:
    """Return chain and key of a certificate on this host."""
    folder = _folder(home) / name
    return (folder / CHAIN).read_text(encoding="ascii"), (folder / KEY).read_text(encoding="ascii")


def owner(home: Home, name: str) -> int:
    """Return the uid that can read the key of a certificate."""
    return (_folder(home) / name / KEY).stat().st_uid


def prune(home: Home, kept: int) -> None:
    """Remove all but the newest certificates and the one in use."""
    in_use = current(home)
    folders = [path for path in _folder(home).iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    for path in sorted(folders, key=lambda folder: folder.stat().st_mtime)[:-kept]:
        if in_use is None or path.name != in_use.name:
            shutil.rmtree(path)


def challenges(home: Home) -> Path:
    """Return the directory for the answers to a certification authority. nginx serves it."""
    return home.edge / "challenges"


def _folder(home: Home) -> Path:
    return home.edge / FOLDER
