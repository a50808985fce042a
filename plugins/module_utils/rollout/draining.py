"""Take a host out of service for a reboot or an upgrade, and put it back: no request fails, and no task is lost.

Place in the pipeline: target, for the module ``drain``. The edge answers the health check of load balancers with 503
and everything else as ever, so that they send requests elsewhere. Then workers finish their tasks and stop, as at the
end of a rollout. Applications and data services stay: a reboot stops and starts them.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import door, rewriting
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of, is_inner
from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout import lifecycle, short_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.module_work import Begun
from ansible_collections.slipway.stack.plugins.module_utils.state import drain, lease
from ansible_collections.slipway.stack.plugins.module_utils.state.drain import Drain
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: Classes whose containers finish what they have begun, and stop.
_STOPPED = ("drain", "singleton")
#: Seconds until a host that is put back has to be as it should be.
_VERIFY_SECONDS = 60.0


def is_needed(home: Home, enabled: bool) -> bool:
    """Return whether there is something to do. :raises RolloutFailed: if it would be refused."""
    manifest = _live(home)
    if drain.read(home).problem or (drain.read(home).value is not None) != enabled:
        return True
    if edge_of(manifest) is not None and not door.is_current(home, manifest):
        return True
    states = [one.state == "running" for one in _workers(manifest)]
    return any(states) if enabled else not all(states)


def begin(home: Home, owner: str, enabled: bool, wait: int) -> Begun:
    """Take the lease, and return it, the name of the work in the journal, and what does it.

    :param enabled: whether the host is drained, or put back.
    :param wait: seconds until load balancers have noticed.
    :raises LeaseHeld: if other work is under way. :raises RolloutFailed: if nothing can be drained.
    """
    _live(home)
    work = functools.partial(_drain, home, owner, wait) if enabled else functools.partial(_put_back, home)
    word = "drain" if enabled else "undrain"
    return short_work.begin(home, owner, word, lease.DRAIN, work, functools.partial(_standing, home))


def _standing(home: Home) -> str:
    return f"The host {'is drained' if drain.read(home).value else 'is in service'}"


def _drain(home: Home, owner: str, wait: int, records: Journal) -> str:
    manifest = _live(home)
    _record(home, manifest, drain.read(home).value or Drain(owner), records)
    # Edges on other hosts send nothing any more, so there is nobody who has to notice.
    if edge_of(manifest) is not None and not is_inner(manifest):
        text = "the health check answers 503; load balancers get time to notice"
        with records.part("drain", "wait", edge_of(manifest), start_text=text, limit=float(wait)):
            time.sleep(wait)
    workers = [one for one in _workers(manifest) if one.state == "running"]
    if workers:
        names = ", ".join(dict.fromkeys(one.service for one in workers))
        limit = replicas.stop_limit(workers)
        with records.part("drain", "stop", start_text=f"stopping {names}, which finish their tasks", limit=limit):
            lifecycle.stop(home, workers, records, "drain")
    return "drained; reboot or upgrade the host, then put it back with playbooks/undrain.yml"


def _put_back(home: Home, records: Journal) -> str:
    manifest = _live(home)
    services = {name: spec for name, spec in manifest["services"].items() if spec["class"] in _STOPPED}
    stopped = [one for one in _workers(manifest) if one.state != "running"]
    with records.part("undrain", "start"):
        lifecycle.start(services, stopped, records, "undrain")
        ProjectContainers(str(manifest["stack"]), records).wait(services, "undrain")
    # The record says that the host takes no requests; it goes last.
    found = verify(home, manifest, _VERIFY_SECONDS, starting=True)
    if found.problems:
        raise RolloutFailed("; ".join(found.problems), tuple(found.detail))
    _record(home, manifest, None, records)
    return "the host is in service again"


def _record(home: Home, manifest: Mapping[str, Any], found: Drain | None, records: Journal) -> None:
    """Write the record and let the edge answer by it. If the edge refuses, the record is as before."""
    before = drain.read(home).value
    drain.write(home, found)
    if edge_of(manifest) is None:
        return
    try:
        with records.part("drain", "reload", edge_of(manifest)):
            rewriting.renew(home, manifest, all_containers.by_service(str(manifest["stack"])))
    except (EdgeError, DockerError):
        drain.write(home, before)
        raise


def _workers(manifest: Mapping[str, Any]) -> list[Container]:
    """Return the containers of the live release that stop when the host is drained."""
    specs = manifest["services"]
    return [
        one
        for one in docker.containers(str(manifest["stack"]))
        if not one.oneoff and one.service in specs and specs[one.service]["class"] in _STOPPED
    ]


def _live(home: Home) -> dict[str, Any]:
    """Return the manifest of the live release. :raises RolloutFailed: if there is none that can be drained."""
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host, so there is nothing to drain")
    if edge_of(manifest) is not None and not door.can_be_closed(manifest):
        raise RolloutFailed(
            f"release {manifest['release']} is of a version of this collection before draining; deploy once with this "
            "version"
        )
    return manifest
