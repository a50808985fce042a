"""Certificates that this host issues itself: one for the moment, and those of the stack's own authority.

Place in the pipeline: target, under ``work`` and before a rollout. The authority is a key and a certificate in
``certificates/`` of the stack, which only root can read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.certificates import openssl, pair
from ansible_collections.slipway.stack.plugins.module_utils.certificates.pair import Pair
from ansible_collections.slipway.stack.plugins.module_utils.edge.certificate_files import About
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError, MissingFile
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

#: A certificate that is issued, and not one that only fills the time until it is.
_INTERNAL, _MOMENT = "internal", "moment"
#: Days. Clients have to be told of a new authority by hand, and a certificate is renewed without anybody.
_CA_DAYS, _LEAF_DAYS, _MOMENT_DAYS = 3650, 90, 30
_MAX_SIZE = 64 * 1024
#: The longest common name. Source: RFC 5280, ub-common-name.
_MAX_NAME = 64
_SERVER = {
    "basicConstraints": "critical,CA:FALSE",
    "keyUsage": "critical,digitalSignature",
    "extendedKeyUsage": "serverAuth",
}


def for_the_moment(names: Sequence[str]) -> Pair:
    """Return a certificate that nobody trusts, so that the edge can start before it has a real one.

    :raises RolloutFailed: if openssl is not installed, or refuses.
    """
    key = openssl.new_key()
    chain = openssl.self_signed(key, "/CN=slipway until there is a certificate", _MOMENT_DAYS, _extensions(names))
    return _issued(chain, key, _MOMENT)


def of_own_authority(home: Home, stack: str, names: Sequence[str]) -> Pair:
    """Return a certificate of the stack's own authority, which is made if there is none.

    :raises RolloutFailed: if the authority is damaged or has expired, or openssl refuses.
    """
    ca, ca_key = _authority(home, stack)
    key = openssl.new_key()
    extensions = {**_extensions(names), "authorityKeyIdentifier": "keyid"}
    leaf = openssl.signed(key, f"/CN={names[0][:_MAX_NAME]}", _LEAF_DAYS, extensions, ca, ca_key)
    return _issued(leaf + ca, key, _INTERNAL)


def root(home: Home) -> str:
    """Return the certificate of the stack's own authority in PEM, which clients have to trust; empty without one."""
    try:
        return foreign_file.read_text(home.path, "certificates/ca.pem", _MAX_SIZE)
    except ForeignFileError:
        return ""


def _authority(home: Home, stack: str) -> tuple[str, str]:
    folder = home.path / "certificates"
    try:
        found = tuple(foreign_file.read_text(folder, name, _MAX_SIZE) for name in ("ca.pem", "ca.key"))
    except MissingFile:
        return _new_authority(folder, stack)
    except ForeignFileError as error:
        raise RolloutFailed(str(error)) from None
    ca, ca_key = found
    end = openssl.facts(ca).not_after
    if end < time.time() + _LEAF_DAYS * 86400:
        raise RolloutFailed(
            f"the authority in {folder} expires on {pair.day(end)}; move the directory away for a new one, whose "
            f"certificate the clients need then"
        )
    return ca, ca_key


def _new_authority(folder: Path, stack: str) -> tuple[str, str]:
    if any((folder / name).exists() for name in ("ca.pem", "ca.key")):
        raise RolloutFailed(f"{folder} has only one of ca.pem and ca.key; restore the other, or move both away")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    key = openssl.new_key()
    extensions = {"basicConstraints": "critical,CA:TRUE,pathlen:0", "keyUsage": "critical,keyCertSign,cRLSign"}
    # Of two stacks with one name, clients keep both apart by the time.
    subject = f"/CN={stack[:30]} internal {time.strftime('%Y-%m-%d %H:%M', time.gmtime())}"
    ca = openssl.self_signed(key, subject, _CA_DAYS, extensions)
    write_text(folder / "ca.key", key, 0o600)
    write_text(folder / "ca.pem", ca)
    return ca, key


def _extensions(names: Sequence[str]) -> dict[str, str]:
    return {**_SERVER, "subjectAltName": ",".join(f"DNS:{name}" for name in names)}


def _issued(chain: str, key: str, source: str) -> Pair:
    leaf = openssl.facts(openssl.split(chain)[0])
    return Pair(chain, key, About(source, leaf.names, leaf.issuer, leaf.not_after, leaf.fingerprint, leaf.has_ocsp))
