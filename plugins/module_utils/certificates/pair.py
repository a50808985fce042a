"""A chain and its key, checked before anything uses them.

Place in the pipeline: target, before ``installing``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.module_utils.certificates import openssl
from ansible_collections.slipway.stack.plugins.module_utils.certificates.openssl import Facts, OpensslError
from ansible_collections.slipway.stack.plugins.module_utils.edge.certificate_files import About
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

#: Bytes of a chain and of a key.
_MAX_SIZE = 128 * 1024
_DAY = 86400.0


@dataclass(frozen=True)
class Pair:
    """``chain``: certificates in PEM, that of the host first. ``key``: its private key in PEM."""

    chain: str
    key: str
    about: About


def checked(chain: str, key: str, source: str, names: Sequence[str], is_private: bool = False) -> Pair:
    """Return a pair that a proxy can serve for these names.

    :param source: see ``About``. :param names: host names; ``*.example.com`` for all below one.
    :param is_private: whether it comes from an authority that this host need not know.
    :raises RolloutFailed: with all that is wrong, in sentences.
    """
    if len(chain) > _MAX_SIZE or len(key) > _MAX_SIZE:
        raise RolloutFailed(f"a certificate or a key is larger than {_MAX_SIZE // 1024} kB")
    try:
        parts = openssl.split(chain)
    except ValueError as error:
        raise RolloutFailed(f"the certificate: {error}") from None
    try:
        found = [openssl.facts(part) for part in parts]
    except OpensslError as error:
        raise RolloutFailed(f"the certificate cannot be read: {error}") from None
    problems = [
        *_times(found),
        *_names(found[0], names),
        *_key(parts[0], key),
        *([] if is_private else _chain(parts, found)),
    ]
    if problems:
        raise RolloutFailed("; ".join(problems))
    leaf = found[0]
    about = About(source, leaf.names, leaf.issuer, leaf.not_after, leaf.fingerprint, leaf.has_ocsp)
    return Pair("".join(parts), key, about)


def uncovered(names: Iterable[str], certificate: Sequence[str]) -> list[str]:
    """Return the names that a certificate is not for. ``*`` stands for one label (RFC 6125, section 6.4.3)."""
    return [name for name in names if name not in certificate and f"*.{name.partition('.')[2]}" not in certificate]


def day(seconds: float) -> str:
    """Return a day for people, such as ``2026-11-27``."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _times(found: Sequence[Facts]) -> list[str]:
    now, result = time.time(), []
    for one in found:
        if one.not_after <= now:
            result.append(f"the certificate of {one.subject} has expired on {day(one.not_after)}; get a new one")
        elif one.not_before > now + _DAY:
            result.append(f"the certificate of {one.subject} is valid from {day(one.not_before)} on only")
    return result


def _names(leaf: Facts, names: Sequence[str]) -> list[str]:
    missing = uncovered(names, leaf.names)
    if not missing:
        return []
    has = ", ".join(leaf.names) or "no name"
    return [f"the certificate is for {has}, and not for {', '.join(missing)}, which stack_domain and 'domains' say"]


def _key(leaf: str, key: str) -> list[str]:
    try:
        of_key = openssl.public_key(key=key)
    except OpensslError as error:
        if "ENCRYPTED" in key:
            return ["the key has a passphrase, which the proxy does not know; remove it: openssl pkey -in KEY -out NEW"]
        return [f"the key cannot be read: {error}"]
    if of_key != openssl.public_key(certificate=leaf):
        return ["the key does not fit the certificate: they have different public keys"]
    return []


def _chain(parts: list[str], found: Sequence[Facts]) -> list[str]:
    for one, issuer in zip(found, found[1:]):
        if one.issuer != issuer.subject:
            return [
                f"the chain is not in order: {one.subject} was issued by {one.issuer}, and {issuer.subject} follows"
            ]
    last = found[-1]
    own_root = parts[-1] if last.subject == last.issuer else ""
    error = openssl.verification_error(parts, own_root)
    if not error:
        return []
    if last.issuer == last.subject:
        return [f"the chain does not hold: {error}"]
    ends = f"the chain ends with {last.subject}, and this host does not know its issuer, {last.issuer} ({error})"
    return [f"{ends}; append the certificates between them, or that of your own authority"]
