"""The command line of openssl: facts about a certificate, and new keys and certificates.

Place in the pipeline: target, under everything here. Private keys pass through files in memory that only root can read,
never through arguments.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

#: Seconds for one command. It computes, and asks nobody.
_SECONDS = 60.0
_MEMORY = Path("/run")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
#: The longest chain that is read. Real ones have two or three certificates.
_MAX_CHAIN = 10
_CURVE = ("-pkeyopt", "ec_paramgen_curve:prime256v1")


@dataclass(frozen=True)
class Facts:
    """One certificate. ``names``: the host names that it is for. ``not_before``, ``not_after``: seconds of the epoch.

    ``fingerprint``: SHA-256, in lower-case hexadecimal digits. ``has_ocsp``: whether it names a responder.
    """

    names: tuple[str, ...]
    subject: str
    issuer: str
    not_before: float
    not_after: float
    fingerprint: str
    has_ocsp: bool


class OpensslError(RolloutFailed):
    """openssl refuses. The message is what it says, in one line."""


def split(chain: str) -> list[str]:
    """Return the certificates of a chain in PEM. :raises ValueError: if there is none, or there are too many."""
    found = _CERTIFICATE.findall(chain)
    if not found:
        raise ValueError("there is no certificate in PEM in it (-----BEGIN CERTIFICATE-----)")
    if len(found) > _MAX_CHAIN:
        raise ValueError(f"it has {len(found)} certificates, and a chain has some")
    return [f"{one}\n" for one in found]


def facts(certificate: str) -> Facts:
    """Return the facts about a certificate in PEM. :raises OpensslError: if it is none."""
    with files(certificate=certificate) as path:
        words = ("-noout", "-subject", "-issuer", "-dates", "-fingerprint", "-sha256", "-ocsp_uri")
        style = ("-nameopt", "RFC2253,sep_comma_plus_space")
        out = run("x509", "-in", str(path / "certificate"), *words, *style)
        names = run("x509", "-in", str(path / "certificate"), "-noout", "-ext", "subjectAltName")
    said = dict(line.split("=", 1) for line in out.splitlines() if "=" in line and not line.startswith("http"))
    digits = next(value for name, value in said.items() if name.lower().endswith("fingerprint"))
    return Facts(
        names=tuple(name.lower() for name in re.findall(r"DNS:([^,\s]+)", names)),
        subject=said["subject"].strip(),
        issuer=said["issuer"].strip(),
        not_before=float(ssl.cert_time_to_seconds(said["notBefore"])),
        not_after=float(ssl.cert_time_to_seconds(said["notAfter"])),
        fingerprint=digits.replace(":", "").lower(),
        has_ocsp=any(line.startswith("http") for line in out.splitlines()),
    )


def public_key(*, certificate: str = "", key: str = "") -> str:
    """Return the public key of a certificate or of a private key, in PEM.

    :raises OpensslError: if it is none, or the key has a passphrase.
    """
    with files(certificate=certificate, key=key) as path:
        if key:
            return run("pkey", "-in", str(path / "key"), "-pubout", "-passin", "pass:")
        return run("x509", "-in", str(path / "certificate"), "-noout", "-pubkey")


def verification_error(certificates: list[str], trusted: str = "") -> str:
    """Return why a chain does not lead to a certification authority that is trusted; empty if it does.

    :param certificates: in PEM, that of the host first.
    :param trusted: certificate of the authority in PEM; those that this host trusts if it is empty.
    """
    with files(leaf=certificates[0], others="".join(certificates[1:]), trusted=trusted) as path:
        trust = ("-CAfile", str(path / "trusted")) if trusted else ()
        # Whether it is still valid is checked before, with a sentence of its own.
        untrusted = ("-untrusted", str(path / "others")) if certificates[1:] else ()
        try:
            run("verify", "-no_check_time", *trust, *untrusted, str(path / "leaf"))
        except OpensslError as error:
            return str(error)
    return ""


def new_key() -> str:
    """Return a new private key for ECDSA with P-256, in PEM."""
    return run("genpkey", "-algorithm", "EC", *_CURVE)


def self_signed(key: str, subject: str, days: int, extensions: Mapping[str, str]) -> str:
    """Return a certificate in PEM that is signed by its own key.

    :param subject: such as ``/CN=name``. :param extensions: by name, in the notation of openssl.
    """
    more = [word for name, value in extensions.items() for word in ("-addext", f"{name}={value}")]
    with files(key=key) as path:
        return run("req", "-x509", "-new", "-key", str(path / "key"), "-days", str(days), "-subj", subject, *more)


def signed(key: str, subject: str, days: int, extensions: Mapping[str, str], ca: str, ca_key: str) -> str:
    """Return a certificate in PEM for *key* that is signed by *ca*. The others are as for :func:`self_signed`."""
    lines = "".join(f"{name}={value}\n" for name, value in extensions.items())
    with files(key=key, ca=ca, ca_key=ca_key, extensions=lines) as path:
        request = path / "request"
        run("req", "-new", "-key", str(path / "key"), "-subj", subject, "-out", str(request))
        authority = ("-CA", str(path / "ca"), "-CAkey", str(path / "ca_key"), "-CAserial", str(path / "serial"))
        times = ("-CAcreateserial", "-days", str(days), "-extfile", str(path / "extensions"))
        return run("x509", "-req", "-in", str(request), *authority, *times)


@contextlib.contextmanager
def files(**texts: str) -> Iterator[Path]:
    """Return a directory in memory with these texts as files, which is gone afterwards. Only root can read it."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        yield Path(folder)


def run(*words: str) -> str:
    """Return what openssl prints.

    :raises OpensslError: if it fails. :raises RolloutFailed: if it is not installed.
    """
    try:
        done = program.run(["openssl", *words], _SECONDS)
    except OSError as error:
        raise RolloutFailed(f"openssl cannot be started: {error.strerror}; the role certificates installs it") from None
    if done.returncode != 0:
        raise OpensslError(_reason(done.stderr) or f"openssl {words[0]}: exit code {done.returncode}")
    return done.stdout


def _reason(stderr: str) -> str:
    """Return what openssl says, without its paths and codes."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    told = [line for line in lines if re.match(r"error \d+ at ", line)]
    if told:
        return re.sub(r"^error \d+ at \d+ depth lookup: ?", "", told[-1])
    return lines[0] if lines else ""
