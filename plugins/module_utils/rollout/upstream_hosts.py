"""Take other hosts out of the upstreams of this host's edge, and put them back: before they are drained, and after.

Place in the pipeline: target, for the module ``drain``. When it has ended, no request is on its way to them: the edge
has read its configuration anew, and the requests of before are answered.
"""

from __future__ import annotations

import functools
from collections.abc import Collection

from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, endpoint, rewriting
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.rollout import short_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.module_work import Begun
from ansible_collections.slipway.stack.plugins.module_utils.state import away, lease
from ansible_collections.slipway.stack.plugins.module_utils.state.drain import Drain
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def is_needed(home: Home, hosts: Collection[str], is_away: bool) -> bool:
    """Return whether there is something to do. :raises RolloutFailed: if it would be refused."""
    return _wanted(home, hosts, is_away, "") is not None


def begin(home: Home, owner: str, hosts: Collection[str], is_away: bool) -> Begun:
    """Take the lease, and return it, the name of the work in the journal, and what does it.

    :param is_away: whether the hosts get nothing from now on, or requests again.
    :raises LeaseHeld: if other work is under way. :raises RolloutFailed: if a service would have no host.
    """
    wanted = _wanted(home, hosts, is_away, owner)
    work = functools.partial(_rewrite, home, wanted or {})
    return short_work.begin(home, owner, "upstreams", lease.DRAIN, work, _standing)


def _standing() -> str:
    return "Requests go where they went before"


def _wanted(home: Home, hosts: Collection[str], is_away: bool, owner: str) -> dict[str, Drain] | None:
    """Return the record as it should be; ``None`` if it is so already, or nothing is sent to these hosts."""
    found = away.read(home)
    if found.problem:
        raise RolloutFailed(found.problem)
    before = found.value or {}
    manifest = home.manifest(home.current_id())
    sent_to = endpoint.inner_edges(manifest) if manifest else {}
    if is_away:
        wanted = {**before, **{host: Drain(owner) for host in hosts if host in sent_to and host not in before}}
    else:
        wanted = {host: one for host, one in before.items() if host not in hosts}
    for upstream in (manifest or {}).get("upstreams", ()):
        servers = [str(server[0]) for server in upstream.get("servers") or ()]
        if servers and is_away and set(servers) <= set(wanted):
            others = ", ".join(host for host in servers if host not in hosts)
            rest = f"; {others} is drained already" if others else ""
            raise RolloutFailed(
                f"service '{upstream['service']}' is on {', '.join(servers)} only{rest}, so nobody would answer; put "
                "another host back first, or place the service on one more"
            )
    return None if set(wanted) == set(before) else wanted


def _rewrite(home: Home, wanted: dict[str, Drain], records: Journal) -> str:
    """Write the record, and let the edge send requests by it. If the edge refuses, the record is as before."""
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host")
    before = away.read(home).value or {}
    running = all_containers.by_service(str(manifest["stack"]))
    edge = endpoint.edge_of(manifest)
    away.write(home, wanted)
    try:
        with records.part("drain", "reload", edge):
            rewriting.renew(home, manifest, running)
    except (EdgeError, DockerError):
        away.write(home, before)
        raise
    configuration.finish_connections(home, manifest, running.get(str(edge), []), records)
    return f"no requests go to {', '.join(wanted)}" if wanted else "requests go to all hosts"
