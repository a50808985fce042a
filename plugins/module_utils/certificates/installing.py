"""Give the edge another certificate: tested, activated by a link, reloaded, and confirmed over the wire.

Place in the pipeline: target. A certificate is a part of the live configuration (``edge/configuration``), so it is
replaced as a rollout replaces that: no connection ends. If the new one is not answered, the former stays in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.certificates import issuing
from ansible_collections.slipway.stack.plugins.module_utils.certificates.pair import Pair, day
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files, confirmation, rewriting
from ansible_collections.slipway.stack.plugins.module_utils.edge.certificate_files import Certificate
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import (
    EdgeError,
    edge_of,
    tls_address,
    tls_name,
    tls_of,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.http_exchange import certificate_of
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, docker
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: How many certificates stay on the host: an interrupted rollout may go back to a configuration with an earlier one.
_KEPT = 3
#: Seconds for one connection of this host to its own edge.
_ANSWER_SECONDS = 2.0


def ensure(home: Home, manifest: Mapping[str, Any]) -> None:
    """Make sure that there is a certificate which the proxy of a release can read, before this release is tested.

    Where there is none yet, it gets one for the moment.

    :raises RolloutFailed: if openssl is not installed, or refuses.
    """
    if not tls_of(manifest):
        return
    found = certificate_files.current(home)
    owner = _owner(manifest)
    if found is None:
        made = issuing.for_the_moment(tls_of(manifest)["names"])
        found = certificate_files.write(home, made.chain, made.key, made.about, owner)
    elif certificate_files.owner(home, found.name) != owner:
        # Another proxy has another user.
        found = certificate_files.write(home, *certificate_files.pair(home, found.name), found.about, owner)
    certificate_files.use(home, found.name)


def is_in_use(home: Home, pair: Pair) -> bool:
    """Return whether a certificate is the one in use, and is answered."""
    found = certificate_files.current(home)
    return found is not None and found.about.fingerprint == pair.about.fingerprint and is_answered(home)


def is_answered(home: Home) -> bool:
    """Return whether the edge answers with the certificate in use: an installation may have been killed.

    An edge that does not answer at all says nothing about its certificate.
    """
    found, live = certificate_files.current(home), home.manifest(home.current_id())
    if found is None or live is None or not tls_of(live):
        return True
    try:
        answered = certificate_of(*tls_address(live), tls_name(live), _ANSWER_SECONDS)
    except (OSError, EdgeError):
        return True
    return answered == found.about.fingerprint


def install(home: Home, manifest: Mapping[str, Any], pair: Pair, journal: Journal) -> None:
    """Give the edge a certificate. The caller holds the lease.

    :param manifest: that of the live release, or of one that is about to be deployed where none with HTTPS is live.
    :raises RolloutFailed: if the proxy refuses it, or does not answer with it. Then the former one is in use.
    """
    former = certificate_files.current(home)
    new = certificate_files.write(home, pair.chain, pair.key, pair.about, _owner(manifest))
    certificate_files.use(home, new.name)
    live = home.manifest(home.current_id())
    about = pair.about
    text = f"a certificate of {about.issuer} for {', '.join(about.names)}, valid until {day(about.not_after)}"
    if live is None or not tls_of(live):
        journal.write("certificate", "done", f"{text}, is there for the first deploy with HTTPS")
        return
    try:
        with journal.part("certificate", "install", edge_of(live), end_text=f"answers with {text}"):
            running = all_containers.by_service(str(live["stack"]))
            rewriting.renew(home, live, running)
            confirmation.confirm_certificate(live, about.fingerprint)
    except (EdgeError, docker.DockerError) as error:
        back = _go_back(home, live, former)
        raise RolloutFailed(f"{error}; {back}", tuple(error.detail)) from None
    certificate_files.prune(home, _KEPT)


def _go_back(home: Home, live: Mapping[str, Any], former: Certificate | None) -> str:
    """Use the former certificate again. :return: how that went, as a part of a sentence."""
    if former is None:
        return "there was no certificate before it"
    certificate_files.use(home, former.name)
    try:
        rewriting.renew(home, live, all_containers.by_service(str(live["stack"])))
    except (EdgeError, docker.DockerError) as error:
        return f"the former certificate is in use again, and is not answered either: {error}"
    return f"the former certificate, valid until {day(former.about.not_after)}, is in use again"


def _owner(manifest: Mapping[str, Any]) -> int:
    """Return the uid of the proxy of a release."""
    user = str(manifest["services"][str(edge_of(manifest))]["settings"].get("user") or "0")
    return int(user.partition(":")[0])
