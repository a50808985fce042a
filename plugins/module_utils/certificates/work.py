"""The certificate of a stack, from wherever it comes: gotten if there is none that will do, renewed, replaced.

Place in the pipeline: target, under the module, certbot's hook and the timer. How the last try ended is in
``state/certificate.json``.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.certificates import acme, installing, issuing, pair
from ansible_collections.slipway.stack.plugins.module_utils.certificates.acme import Account, Hooks
from ansible_collections.slipway.stack.plugins.module_utils.certificates.pair import Pair
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files
from ansible_collections.slipway.stack.plugins.module_utils.edge.certificate_files import Certificate
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of, proxy_of, tls_of
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import journal, lease, state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import LeaseHeld

#: Seconds before the end of a certificate of the own authority, at which it is renewed: a third of its life.
_INTERNAL_MARGIN = 30 * 86400
_FIELDS: Mapping[str, state_file.Types] = {"at": (int, float), "verb": str, "problem": str}


@dataclass(frozen=True)
class Wanted:
    """What to do. ``verb``: ``ensure`` that there is one, ``renew`` it if it is time, ``replace`` it in any case.

    ``chain``, ``key``: those from the inventory, in PEM. ``account``: for a certification authority. ``owner``: who
    does it. ``patience``: seconds to wait for other work. ``revoked``: whether the authority revokes the former one.
    """

    verb: str
    owner: str
    chain: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    account: Account = field(default_factory=Account)
    patience: float = 600.0
    revoked: bool = False


@dataclass(frozen=True)
class Last:
    """How the last try ended. ``at``: seconds of the epoch. ``problem``: why it failed, empty if it did not."""

    at: float
    verb: str
    problem: str


def program_of(home: Home) -> Path:
    """Return the program that the timer and certbot's hook start."""
    return home.state / "certificates.pyz"


def check(home: Home, manifest: Mapping[str, Any], wanted: Wanted) -> Pair | None:
    """Return the certificate from the inventory, if that is the source.

    :param manifest: that of the release which it is for.
    :raises RolloutFailed: with all that is wrong with it.
    """
    if tls_of(manifest)["source"] != "files":
        return None
    if not wanted.chain or not wanted.key:
        raise RolloutFailed(
            "the source is 'files'; set certificates_chain and certificates_private_key to the texts in PEM"
        )
    return pair.checked(wanted.chain, wanted.key, "files", tls_of(manifest)["names"])


def is_needed(home: Home, manifest: Mapping[str, Any], wanted: Wanted) -> bool:
    """Return whether there is something to do: for a check, which changes nothing.

    :raises RolloutFailed: as :func:`check`.
    """
    given = check(home, manifest, wanted)
    if given:
        return not installing.is_in_use(home, given)
    found = certificate_files.current(home)
    is_good = _will_do(found, manifest) and not _is_due(found, manifest)
    return wanted.verb == "replace" or not is_good or not installing.is_answered(home)


def apply(home: Home, manifest: Mapping[str, Any], wanted: Wanted) -> bool:
    """Do it, note how it ended, and return whether the certificate has changed.

    A certification authority can only be asked when the edge serves, so before the first deploy it is not.

    :param manifest: that of the release which it is for. It may be one that is about to be deployed.
    :raises RolloutFailed: if there is no certificate that will do. The one in use stays in use.
    :raises LeaseHeld: if other work takes longer than the patience.
    """
    problem = "it was interrupted"
    before = certificate_files.current(home)
    try:
        _apply(home, manifest, wanted)
        problem = ""
    except (RolloutFailed, DockerError, LeaseHeld) as error:
        problem = str(error)
        raise
    finally:
        last = Last(time.time(), wanted.verb, problem)
        write_text(_path(home), json.dumps({"format": state_file.FORMAT, **asdict(last)}) + "\n", 0o600)
    return certificate_files.current(home) != before


def install_issued(home: Home, owner: str, patience: float) -> None:
    """Install what certbot has, if it is not in use. :raises: as :func:`apply`."""
    manifest = _live(home)
    found = acme.present(str(manifest["stack"]), tls_of(manifest)["names"])
    if found is None:
        raise RolloutFailed(f"certbot has no certificate for {', '.join(tls_of(manifest)['names'])}")
    _install(home, manifest, found, Wanted("renew", owner, patience=patience))


def renew_live(home: Home, owner: str, patience: float) -> None:
    """Renew the certificate of the live release if it is time, as a timer does. :raises: as :func:`apply`."""
    manifest = home.manifest(home.current_id())
    if manifest is not None and tls_of(manifest):
        apply(home, manifest, Wanted("renew", owner, patience=patience))


def last(home: Home) -> Last | None:
    """Return how the last try ended; ``None`` without one."""
    found = state_file.read(_path(home), _FIELDS, "").value
    return Last(*(found[name] for name in _FIELDS)) if found else None


def _apply(home: Home, manifest: Mapping[str, Any], wanted: Wanted) -> None:
    given = check(home, manifest, wanted)
    if given:
        _install(home, manifest, given, wanted)
    elif tls_of(manifest)["source"] == "acme":
        _from_authority(home, manifest, wanted)
    elif is_needed(home, manifest, wanted):
        made = issuing.of_own_authority(home, str(manifest["stack"]), tls_of(manifest)["names"])
        _install(home, manifest, made, wanted)


def _from_authority(home: Home, manifest: Mapping[str, Any], wanted: Wanted) -> None:
    stack, names = str(manifest["stack"]), tls_of(manifest)["names"]
    live = home.manifest(home.current_id())
    can_ask = live is not None and bool(tls_of(live))
    former = acme.newest(stack)
    if can_ask and wanted.verb == "renew":
        acme.renew(stack)
    elif can_ask and (wanted.verb == "replace" or acme.present(stack, names) is None):
        acme.issue(home, stack, names, wanted.account, hooks(home, manifest), wanted.verb == "replace")
    found = acme.present(stack, names)
    if found:
        # The hook has done it, unless it was interrupted.
        _install(home, manifest, found, wanted)
    elif can_ask:
        raise RolloutFailed(f"certbot has no certificate for {', '.join(names)}")
    if wanted.revoked and former != acme.newest(stack):
        acme.revoke(stack, former)


def hooks(home: Home, manifest: Mapping[str, Any]) -> Hooks:
    """Return the commands that certbot runs."""
    command = f"/usr/bin/python3 {program_of(home)} {home.path}"
    if proxy_of(manifest["services"][str(edge_of(manifest))]) == "nginx":
        return Hooks(f"{command} install", "", "")
    return Hooks(f"{command} install", f"{command} begin", f"{command} end")


def _install(home: Home, manifest: Mapping[str, Any], found: Pair, wanted: Wanted) -> None:
    if installing.is_in_use(home, found):
        return
    name = time.strftime("certificate-%Y%m%dT%H%M%SZ", time.gmtime())
    home.make_directories()
    records = Journal(journal_of(home), name, masking(home))
    offset = functools.partial(journal.open_for, journal_of(home))
    held = lease.take(home.lease, wanted.owner, name, offset, lease.CERTIFICATE, wanted.patience)
    try:
        # Somebody may have done it meanwhile.
        if not installing.is_in_use(home, found):
            installing.install(home, manifest, found, records)
        records.write("end", "done", "the certificate is in use")
    except (RolloutFailed, DockerError) as error:
        records.write("rollout", "failed", str(error), detail=error.detail)
        records.write("end", "failed", "The certificate in use stays the one before")
        raise
    finally:
        held.close_own_copy()


def journal_of(home: Home) -> Path:
    """Return the journal of the certificates."""
    return home.state / "certificate-journal.jsonl"


def _will_do(found: Certificate | None, manifest: Mapping[str, Any]) -> bool:
    if found is None or found.about.source != tls_of(manifest)["source"]:
        return False
    return not pair.uncovered(tls_of(manifest)["names"], found.about.names) and found.about.not_after > time.time()


def _is_due(found: Certificate | None, manifest: Mapping[str, Any]) -> bool:
    """Return whether it is time for another certificate. certbot itself knows for its own."""
    is_own = tls_of(manifest)["source"] == "internal"
    return is_own and found is not None and found.about.not_after < time.time() + _INTERNAL_MARGIN


def _live(home: Home) -> dict[str, Any]:
    manifest = home.manifest(home.current_id())
    if manifest is None or not tls_of(manifest):
        raise RolloutFailed("no release with HTTPS is live on this host")
    return manifest


def _path(home: Home) -> Path:
    return home.state / "certificate.json"
