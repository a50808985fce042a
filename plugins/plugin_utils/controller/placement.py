"""The hosts of a stack as the inventory has them, for the placement of its services.

Place in the pipeline: before describe; used by the action plugins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import managers

#: The group of a stack in whose play nobody has set ``stack_hosts``.
_USUAL_GROUP = "stack"
_NOT_GROUPS = ("all", "ungrouped")
#: A value of ``stack_orchestrator``.
SWARM = "swarm"


def of(task_vars: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the place of a host as plain data, see ``description.placement.Place``; empty if no service names hosts.

    :param given: the arguments of the action.
    """
    patterns = sorted(set(_patterns(given)))
    in_swarm = given.get("orchestrator") == SWARM
    if not patterns and not in_swarm:
        return {}
    groups: Mapping[str, list[str]] = task_vars.get("groups") or {}
    manager = inventory_of(groups)
    hosts = _stack_hosts(manager, task_vars)
    hostvars = task_vars.get("hostvars") or {}
    return {
        "host": task_vars["inventory_hostname"],
        "hosts": hosts,
        "matched": {one: [name for name in _matching(manager, one) if name in hosts] for one in patterns},
        "addresses": {name: str(hostvars[name].get("stack_address") or "") for name in hosts if name in hostvars},
        "groups": sorted(name for name in groups if name not in _NOT_GROUPS),
        **(_swarm(task_vars, given, hosts) if in_swarm else {}),
    }


def _swarm(task_vars: Mapping[str, Any], given: Mapping[str, Any], hosts: list[str]) -> dict[str, Any]:
    """Return the managers of the stack's Swarm, and its network, as the role `swarm` reads the same variables.

    :raises ValueError: for a wrong number of managers.
    """
    variables = task_vars["hostvars"][task_vars["inventory_hostname"]]
    pattern = str(variables.get("swarm_managers") or "")
    _hosts, matched = hosts_and_matching(task_vars, pattern)
    network = str(variables.get("swarm_network") or f"{given['name']}-mesh")
    return {"managers": list(managers.choose(hosts, pattern, matched)), "network": network}


def hosts_and_matching(task_vars: Mapping[str, Any], pattern: str) -> tuple[list[str], list[str]]:
    """Return the hosts of the stack, also those that ``--limit`` leaves out, and those of them that a pattern means."""
    manager = inventory_of(task_vars.get("groups") or {})
    hosts = _stack_hosts(manager, task_vars)
    return hosts, [name for name in _matching(manager, pattern) if name in hosts] if pattern else []


def left_out(task_vars: Mapping[str, Any], place: Mapping[str, Any]) -> str:
    """Return a sentence if the play has some hosts of a placed stack only; empty otherwise."""
    missing = [name for name in place.get("hosts", ()) if name not in (task_vars.get("ansible_play_hosts_all") or ())]
    if not missing:
        return ""
    return (
        f"the play leaves out {', '.join(missing)}, and the services of this stack are spread over its hosts, so a "
        "part of them would be of another release; run it without --limit, or take the host out of the group"
    )


def by_kind(services: Mapping[str, Any], placement: Mapping[str, str]) -> dict[str, Any]:
    """Return services as written, with the hosts of their kinds where they name none themselves.

    :raises ValueError: for a kind that no service has.
    """
    kinds = {str(one["kind"]) for one in services.values() if isinstance(one, Mapping) and one.get("kind")}
    for kind in placement:
        if kind not in kinds:
            raise ValueError(f"stack_placement: no service is of kind {kind!r}{suggestion(kind, sorted(kinds))}")
    return {name: _placed(one, placement) for name, one in services.items()}


def _placed(entry: Any, placement: Mapping[str, str]) -> Any:
    kind = str(entry.get("kind")) if isinstance(entry, Mapping) else ""
    return {"hosts": placement[kind], **entry} if kind in placement and entry.get("hosts") is None else entry


def _patterns(given: Mapping[str, Any]) -> Iterator[str]:
    yield from map(str, (given.get("placement") or {}).values())
    for entry in (given.get("services") or {}).values():
        if isinstance(entry, Mapping) and entry.get("hosts"):
            yield str(entry["hosts"])


def inventory_of(groups: Mapping[str, list[str]]) -> InventoryManager:
    """Return an inventory with these hosts by group, which finds hosts by patterns."""
    manager = InventoryManager(DataLoader(), parse=False)
    for group, names in groups.items():
        manager.add_group(group)
        for name in names:
            manager.add_host(name, group=group)
    return manager


def _stack_hosts(manager: InventoryManager, task_vars: Mapping[str, Any]) -> list[str]:
    """Return the hosts of the stack, also those that ``--limit`` leaves out."""
    pattern = str(task_vars.get("stack_hosts") or _USUAL_GROUP)
    found = _matching(manager, pattern)
    # A play of the team may have hosts of its own.
    return found if task_vars["inventory_hostname"] in found else list(task_vars.get("ansible_play_hosts_all") or [])


def _matching(manager: InventoryManager, pattern: str) -> list[str]:
    return [str(host.name) for host in manager.get_hosts(pattern)]
