"""Certificates of a certification authority that speaks ACME, such as Let's Encrypt, through certbot.

Place in the pipeline: target, under ``work``. certbot keeps account, keys and certificates in ``/etc/letsencrypt``. The
authority asks the edge for a proof on port 80, which certbot puts into a directory that the edge serves.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.certificates import openssl, pair
from ansible_collections.slipway.stack.plugins.module_utils.certificates.pair import Pair
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files
from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_FOLDER = Path("/etc/letsencrypt")
_MAX_SIZE = 128 * 1024
#: Seconds for one run of certbot. Authorities may take a minute for each name.
_SECONDS = 600.0
#: What certbot says of each name that the authority did not accept.
_FAILED = re.compile(r"Domain: (\S+)\s+Type: +(\S+)\s+Detail: (.+)")
_MAX_LINES = 20


@dataclass(frozen=True)
class Account:
    """How certificates are issued. ``server``: URL of the authority's directory, empty for Let's Encrypt.

    ``staging``: whether it is Let's Encrypt's one for tests. ``eab_kid``, ``eab_hmac_key``: of an account that the
    authority has given. ``options``: lines for certbot's own configuration, such as ``dns-cloudflare = true``; with
    them the proof is not asked for on port 80 if one of them is the way to another one.
    """

    email: str = ""
    server: str = ""
    staging: bool = False
    eab_kid: str = ""
    eab_hmac_key: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hooks:
    """Commands that certbot runs. ``install``: after a renewal. ``begin``, ``end``: around the proofs, or empty."""

    install: str
    begin: str
    end: str


def name(stack: str) -> str:
    """Return the name of the certificate of a stack in certbot."""
    return f"slipway-{stack}"


def present(stack: str, names: Sequence[str]) -> Pair | None:
    """Return the certificate that certbot has for a stack; ``None`` without one that is good for these names."""
    folder = _FOLDER / "live" / name(stack)
    try:
        # They are links to the newest ones.
        chain, key = (
            foreign_file.read_text(path.parent, path.name, _MAX_SIZE)
            for path in ((folder / file).resolve() for file in ("fullchain.pem", "privkey.pem"))
        )
        return pair.checked(chain, key, "acme", names, is_private=True)
    except (ForeignFileError, RolloutFailed, OSError):
        return None


def issue(home: Home, stack: str, names: Sequence[str], account: Account, hooks: Hooks, forced: bool) -> None:
    """Have certbot get a certificate, if it has none for these names from this authority or *forced* is true.

    :raises RolloutFailed: if it does not get one; the message has what the authority says of each name.
    """
    lines = [
        "non-interactive = true",
        "agree-tos = true",
        f"cert-name = {name(stack)}",
        f"domains = {','.join(names)}",
        "renew-with-new-domains = true",
        "key-type = ecdsa",
        f"deploy-hook = {hooks.install}",
        f"email = {account.email}" if account.email else "register-unsafely-without-email = true",
    ]
    lines += [f"server = {account.server}"] if account.server else []
    lines += ["staging = true"] if account.staging and not account.server else []
    if account.eab_kid:
        lines += [f"eab-kid = {account.eab_kid}", f"eab-hmac-key = {account.eab_hmac_key}"]
    lines += ["force-renewal = true"] if forced or _is_of_other_authority(stack, account) else []
    if not _proves_otherwise(account.options):
        folder = certificate_files.challenges(home)
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        lines += ["webroot = true", f"webroot-path = {folder}"]
        lines += [f"pre-hook = {hooks.begin}", f"post-hook = {hooks.end}"] if hooks.begin else []
    with openssl.files(ini="".join(f"{line}\n" for line in [*lines, *account.options])) as folder:
        _certbot("certonly", "--config", str(folder / "ini"))


def renew(stack: str) -> None:
    """Have certbot renew the certificate of a stack if it is time. :raises RolloutFailed: as :func:`issue`."""
    # The timer has waited already.
    words = ("--non-interactive", "--no-random-sleep-on-renew", "--cert-name", name(stack))
    _certbot("renew", *words)


def revoke(stack: str, certificate: Path) -> None:
    """Tell the authority that nobody shall trust a certificate any more. :raises RolloutFailed: if it refuses."""
    words = ("--non-interactive", "--no-delete-after-revoke", "--reason", "superseded", "--server", _server(stack))
    _certbot("revoke", "--cert-path", str(certificate), *words)


def newest(stack: str) -> Path:
    """Return the path of the certificate that certbot has issued last, which stays when there is another one."""
    return (_FOLDER / "live" / name(stack) / "cert.pem").resolve()


def _is_of_other_authority(stack: str, account: Account) -> bool:
    """Return whether the certificate that certbot has comes from another authority than the wanted one."""
    server = _server(stack)
    if not server or account.server:
        return bool(server) and server != account.server
    return ("staging" in server) != account.staging or "letsencrypt" not in server


def _server(stack: str) -> str:
    """Return the URL of the authority that has issued the certificate which certbot has; empty without one."""
    try:
        text = foreign_file.read_text(_FOLDER / "renewal", f"{name(stack)}.conf", _MAX_SIZE)
    except ForeignFileError:
        return ""
    found = re.search(r"^server = (\S+)$", text, re.MULTILINE)
    return found[1] if found else ""


def _proves_otherwise(options: Sequence[str]) -> bool:
    keys = [option.partition("=")[0].strip() for option in options]
    return any(key.startswith("dns-") or key in ("authenticator", "manual", "standalone", "webroot") for key in keys)


def _certbot(*words: str) -> None:
    try:
        done = program.run(["certbot", *words], _SECONDS)
    except OSError as error:
        raise RolloutFailed(f"certbot cannot be started: {error.strerror}; the role certificates installs it") from None
    except subprocess.TimeoutExpired:
        raise RolloutFailed(f"certbot did not end within {_SECONDS:.0f} s; see /var/log/letsencrypt") from None
    if done.returncode != 0:
        raise _error(f"{done.stdout}\n{done.stderr}")


def _error(said: str) -> RolloutFailed:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    detail = tuple(lines[-_MAX_LINES:])
    failed = [f"{name}: {text.strip()} ({sort})" for name, sort, text in _FAILED.findall(said)]
    if failed:
        return RolloutFailed(f"the certification authority did not accept {'; '.join(dict.fromkeys(failed))}", detail)
    after = [lines[number + 1] for number, line in enumerate(lines[:-1]) if "unexpected error occurred" in line]
    hints = ("Ask for help", "See the logfile", "Saving debug log", "- - -")
    reason = (after or [line for line in lines if not line.startswith(hints)] or ["no reason given"])[
        -1 if not after else 0
    ]
    return RolloutFailed(f"certbot: {reason}", detail)
