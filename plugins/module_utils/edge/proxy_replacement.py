"""Replace the edge with downtime: stop and remove the proxy and its pod, and start the new ones.

Place in the pipeline: target, switch and revert, for changes that cannot roll: a new or changed pod, another proxy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.configuration import set_live
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of, members
from ansible_collections.slipway.stack.plugins.module_utils.engine import replicas, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def replace_proxy(
    home: Home,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    actions: Mapping[str, str],
    removable: Mapping[str, list[Container]],
    containers: ProjectContainers,
    version: str,
    journal: Journal,
) -> None:
    """Replace the edge with downtime: stop and remove it, and its pod if that changes, and start the new one.

    :param old: the manifest of the edge to remove. Another service than the new edge can have its port.
    :param new: the manifest of the edge to start.
    :param actions: the planned action of each service.
    :param removable: the containers that may be removed, by service.
    :param version: the configuration that the proxy starts with.
    :raises RolloutFailed: if the new edge does not come up.
    """
    with journal.part("switch", "stop", edge_of(new)):
        remove_proxies(actions, (old, new), removable)
    set_live(home, version)
    with journal.part("switch", "start", edge_of(new)):
        _start(home, new, containers)


def remove_proxies(
    actions: Mapping[str, str],
    releases: Iterable[Mapping[str, Any] | None],
    removable: Mapping[str, list[Container]],
) -> None:
    """Stop and remove the proxies of *releases*, and then their pods, except services that do not change.

    :param actions: the planned action of each service.
    :param removable: the containers that may be removed, by service.
    """
    groups = [members(manifest) for manifest in releases if manifest]
    proxies = {name for group in groups for name in group[-1:]}
    pods = {name for group in groups for name in group[:-1]}
    # The proxies stop first: their requests must end before their network does.
    for names in (proxies, pods):
        changed = [name for name in sorted(names) if actions.get(name) != "unchanged"]
        found = [container for name in changed for container in removable.get(name, [])]
        replicas.stop(found)
        replicas.remove(found)


def _start(home: Home, manifest: Mapping[str, Any], containers: ProjectContainers) -> None:
    """Create the missing containers of the edge, start all of them, and wait until they are up."""
    existing = {name: len(group) for name, group in containers.find().items()}
    missing = {member: 1 for member in members(manifest) if member not in existing}
    if missing:
        arguments = replicas.create_arguments(missing, existing, manifest["services"])
        restart.run(arguments, cwd=str(home.release(str(manifest["release"]))))
    for member in members(manifest):
        replicas.start([one for one in containers.find().get(member, []) if one.state != "running"])
    containers.wait({member: manifest["services"][member] for member in members(manifest)}, "switch")
