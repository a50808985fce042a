"""Stop all services of the live release but the edge, and start them again.

Place in the pipeline: target, for the module ``stop``. The edge is closed before, by the module ``maintenance``, and
goes on: it answers with the page for maintenance. Services stop in the reverse order of their needs, those without a
need for each other at once. A container that the engine was told to stop does not start again with the host.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import members
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import (
    ProjectContainers,
    start_groups,
)
from ansible_collections.slipway.stack.plugins.module_utils.rollout import lifecycle, short_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.module_work import Begun
from ansible_collections.slipway.stack.plugins.module_utils.state import lease, rotation, stopped
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import Reading
from ansible_collections.slipway.stack.plugins.module_utils.state.stopped import Stopped

#: Which services: with several hosts, no data service stops before everything that uses it, wherever that is.
WHICH = ("all", "data", "others")

Services = Mapping[str, Mapping[str, Any]]


def is_needed(home: Home, enabled: bool, which: str) -> bool:
    """Return whether there is something to do. :raises RolloutFailed: if it would be refused.

    :param enabled: whether the stack is stopped, or started. :param which: one of :data:`WHICH`.
    """
    states = [one.state == "running" for one in _containers(home, _chosen(_services(home), which))]
    found = stopped.read(home)
    if enabled:
        return any(states) or found.value is None or (which == "all" and not found.value.data)
    return not all(states) or (which == "all" and found != Reading())


def begin(home: Home, owner: str, enabled: bool, which: str, closed: bool) -> Begun:
    """Take the lease, and return it, the name of the work in the journal, and what does it.

    :param closed: whether the edge was closed for this stop. The other parameters are those of :func:`is_needed`.
    :raises LeaseHeld: if other work is under way. :raises RolloutFailed: if nothing can be stopped.
    """
    _services(home)
    if problem := rotation.unfinished(home):
        raise RolloutFailed(problem)
    stop = functools.partial(_stop, home, Stopped(owner, which == "all", closed), which)
    word, work = ("stop", stop) if enabled else ("start", functools.partial(_start, home, which))
    return short_work.begin(home, owner, word, lease.STOP, work, functools.partial(_standing, home))


def _standing(home: Home) -> str:
    return f"The stack is {'stopped' if stopped.read(home).value else 'started'} in part"


def _stop(home: Home, asked: Stopped, which: str, records: Journal) -> str:
    # A stop that goes on keeps who began it, and what it knows of the edge.
    before = stopped.read(home).value
    stopped.write(home, replace(before, data=asked.data or before.data) if before else asked)
    chosen = _chosen(_services(home), which)
    for group in reversed(list(_groups(chosen))):
        running = [one for one in _containers(home, group) if one.state == "running"]
        if running:
            names = ", ".join(dict.fromkeys(one.service for one in running))
            with records.part("stop", "stop", start_text=f"stopping {names}", limit=replicas.stop_limit(running)):
                lifecycle.stop(home, running, records, "stop", chosen)
    return "the stack is stopped; start it with playbooks/start.yml"


def _start(home: Home, which: str, records: Journal) -> str:
    chosen = _chosen(_services(home), which)
    containers = ProjectContainers(home.path.name, records)
    for group in _groups(chosen):
        with records.part("start", "start"):
            lifecycle.start(chosen, _containers(home, group), records, "start")
            containers.wait(group, "start", settled=False)
    containers.wait_until_settled("start")
    if which == "all":
        stopped.write(home, None)
    return "the stack is started" if which == "all" else "the data services are started"


def _groups(services: Services) -> Iterator[dict[str, Mapping[str, Any]]]:
    """Yield services that can start at once, in the order of their needs."""
    for names in start_groups(services):
        yield {name: services[name] for name in names}


def _chosen(services: Services, which: str) -> dict[str, Mapping[str, Any]]:
    """Return the services that are stopped and started: never those that run once."""
    return {
        name: spec
        for name, spec in services.items()
        if spec["class"] != "oneshot" and (which == "all" or (spec["class"] == "stateful") == (which == "data"))
    }


def _containers(home: Home, services: Services) -> list[Container]:
    return [one for one in all_containers.find(home.path.name) if not one.oneoff and one.service in services]


def _services(home: Home) -> dict[str, Mapping[str, Any]]:
    """Return the services of the live release without its edge. :raises RolloutFailed: if no release is live."""
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host, so there is nothing to stop")
    return {name: spec for name, spec in manifest["services"].items() if name not in members(manifest)}
