"""Close the edge for maintenance, and open it again: clients get 503, and those that are let in the application.

Place in the pipeline: target, for the module ``maintenance``. Whether it is closed is on record first, so everything
that writes the configuration of the edge keeps it so; then the proxy reloads. No connection ends, and requests that are
under way finish.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import door, rewriting
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, docker
from ansible_collections.slipway.stack.plugins.module_utils.state import journal, lease, maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance

#: Seconds to wait for other work.
_PATIENCE = 60.0
_WEEK = 7 * 86400


def wanted(owner: str, allow: Sequence[str], retry_after: int) -> Maintenance:
    """Return a maintenance as it is asked for.

    :param allow: addresses and networks whose clients get through.
    :param retry_after: seconds after which clients are told to try again.
    :raises RolloutFailed: for what is no network, or a time that nobody would wait.
    """
    networks = []
    for text in allow:
        try:
            networks.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError:
            raise RolloutFailed(f"maintenance_allow: {text!r} is no network; write it like 192.0.2.0/24") from None
    if not 1 <= retry_after <= _WEEK:
        raise RolloutFailed(f"maintenance_retry_after: {retry_after} is not a number of seconds from 1 to {_WEEK}")
    return Maintenance(owner, tuple(dict.fromkeys(networks)), retry_after)


def is_needed(home: Home, asked: Maintenance | None) -> bool:
    """Return whether :func:`switch` would change something.

    :raises RolloutFailed: if it would be refused.
    """
    if (home.manifest(home.current_id()) or {}).get("edge_elsewhere"):
        # The hosts that have the edge close it.
        return False
    manifest = _live(home)
    found = maintenance.read(home)
    if found.problem or not _is_same(found.value, asked):
        return True
    return not door.is_current(home, manifest)


def switch(home: Home, asked: Maintenance | None, owner: str) -> bool:
    """Close the edge, or open it with ``None``, and return whether that has changed anything.

    A maintenance that is under way keeps its beginning. If the proxy does not answer with it, all is as before.

    :raises RolloutFailed: if there is no edge that can be closed, or the proxy refuses.
    :raises LeaseHeld: if other work is under way for longer than a minute.
    """
    if not is_needed(home, asked):
        return False
    name = time.strftime("maintenance-%Y%m%dT%H%M%SZ", time.gmtime())
    records = Journal(home.journal, name, masking(home))
    held = lease.take(home.lease, owner, name, lambda: journal.open_for(home.journal), lease.MAINTENANCE, _PATIENCE)
    try:
        _switch(home, _live(home), asked, records)
        records.write("end", "done", "the edge is closed for maintenance" if asked else "the edge is open")
    except (RolloutFailed, docker.DockerError) as error:
        records.write("rollout", "failed", str(error), detail=error.detail)
        records.write("end", "failed", "The edge stays as it was")
        raise
    finally:
        held.close_own_copy()
    return True


def _switch(home: Home, manifest: Mapping[str, Any], asked: Maintenance | None, records: Journal) -> None:
    before = maintenance.read(home).value
    if asked and before:
        asked = replace(asked, since=before.since)
    try:
        with records.part("maintenance", "reload", edge_of(manifest)):
            maintenance.write(home, asked)
            rewriting.renew(home, manifest, all_containers.by_service(str(manifest["stack"])))
    except (EdgeError, docker.DockerError, OSError) as error:
        maintenance.write(home, before)
        raise RolloutFailed(str(error), tuple(getattr(error, "detail", ()))) from None


def _live(home: Home) -> dict[str, Any]:
    """Return the manifest of the live release. :raises RolloutFailed: if its edge cannot be closed."""
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host, so there is nothing to close")
    if edge_of(manifest) is None:
        raise RolloutFailed("the live release has no edge; close what is in front of it")
    if not door.can_be_closed(manifest):
        raise RolloutFailed(
            f"release {manifest['release']} is of a version of this collection before maintenance; deploy once with "
            "this version"
        )
    return manifest


def _is_same(found: Maintenance | None, asked: Maintenance | None) -> bool:
    if found is None or asked is None:
        return found is asked
    return (found.allow, found.retry_after) == (asked.allow, asked.retry_after)


def standing(home: Home, manifest: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the maintenance for the status: ``owner``, ``since``, ``allow``, ``retry_after`` and ``complete``.

    ``complete``: whether the live configuration has it. The result is ``None`` without maintenance.
    """
    found = maintenance.read(home).value
    if found is None or manifest is None or edge_of(manifest) is None:
        return None
    complete = door.can_be_closed(manifest) and door.is_current(home, manifest)
    return {
        "owner": found.owner,
        "since": found.since,
        "allow": list(found.allow),
        "retry_after": found.retry_after,
        "complete": complete,
    }
