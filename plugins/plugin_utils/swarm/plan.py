"""What has to be done so that the hosts of a stack are one Swarm.

Place in the pipeline: controller, between the reports of the hosts and the tasks of the role ``swarm``. Pure. New hosts
join as workers, whose token can do little; a manager makes them managers afterwards. So one plan has two parts: what is
said of a node that has not joined yet has no id, and the plan is made again when all have joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.node_labels import GROUP_LABEL, HOST_LABEL
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import checks, managers
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import (
    Host,
    Node,
    Wanted,
    with_port,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.managers import Change


@dataclass(frozen=True)
class Step:
    """Something to do with one node. ``id`` is empty as long as its host has not joined."""

    title: str
    id: str = ""
    is_manager: bool = False


@dataclass(frozen=True)
class Labels:
    """Labels that a node gets and loses."""

    title: str
    id: str
    add: dict[str, str]
    remove: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The steps, in their order.

    ``via``: the manager that the changes are made on. ``make``: whether it makes the Swarm. ``managers``: where new
    nodes join, with port. ``left``: nodes of no host, which nobody asked to remove. ``ready``: how many nodes are ready
    when all have joined. ``prove``: the hosts between which the network is tried. A container on a drained or paused
    node cannot be attached: its engine waits for a task, and Swarm gives it none.
    """

    via: str
    make: bool
    join: tuple[str, ...]
    managers: tuple[str, ...]
    promote: tuple[Step, ...]
    demote: tuple[Step, ...]
    labels: tuple[Labels, ...]
    autolock: bool | None
    network: bool
    remove: tuple[Step, ...]
    left: tuple[Step, ...]
    ready: int
    prove: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Return whether there is something to do."""
        steps = (self.make, self.join, self.promote, self.demote, self.labels, self.network, self.remove)
        return any(steps) or self.autolock is not None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "changes": self.changes}


def make(hosts: Sequence[Host], wanted: Wanted) -> tuple[Plan | None, list[str]]:
    """Return the plan, or a sentence for each reason why there is none.

    :param hosts: all hosts of the stack, in the order of the inventory.
    """
    reference = _reference(hosts, wanted)
    problems = checks.of_hosts(hosts) + checks.of_members(hosts, reference) + checks.of_network(hosts, wanted)
    known = {one.name for one in hosts}
    problems += [
        f"swarm_remove: {name} is a host of the stack; take it out of the group first"
        for name in wanted.remove
        if name in known
    ]
    if problems:
        return None, problems
    plan = _plan(hosts, wanted, reference)
    nodes = reference.nodes if reference else ()
    lost = managers.without_majority(nodes, list(_changes(plan, nodes))) if reference else ""
    return (None, [lost]) if lost else (plan, [])


def _reference(hosts: Sequence[Host], wanted: Wanted) -> Host | None:
    """Return the manager that says what the Swarm is, and that changes it: if possible one that stays a manager."""
    found = [one for one in hosts if one.is_manager and not one.leaderless]
    return next((one for one in found if one.name in wanted.managers), found[0] if found else None)


def _plan(hosts: Sequence[Host], wanted: Wanted, reference: Host | None) -> Plan:
    nodes = {node.id: node for node in (reference.nodes if reference else ())}
    members = {one.name: nodes[one.node] for one in hosts if one.node in nodes}
    via = reference.name if reference else wanted.managers[0]
    is_manager = {one.name: one.name in members and members[one.name].is_manager for one in hosts}
    others = [node for node in nodes.values() if node.id not in {one.node for one in hosts}]
    gone = [node for node in others if node.host in members or node.host not in wanted.inventory]
    removed = [node for node in gone if {node.host, node.name, node.id} & set(wanted.remove)]
    join = tuple(one.name for one in hosts if one.name not in members and one.name != via)
    ready = sum(node.state == "ready" for node in nodes.values()) + len(join) + (reference is None)
    return Plan(
        via=via,
        make=reference is None,
        join=join,
        managers=tuple(with_port(one.address) for one in hosts if is_manager[one.name] or one.name == via),
        promote=tuple(
            _step(name, members) for name in wanted.managers if not is_manager[name] and (reference or name != via)
        ),
        demote=tuple(
            _step(one.name, members) for one in hosts if is_manager[one.name] and one.name not in wanted.managers
        ),
        labels=tuple(_labels(hosts, members)),
        autolock=_autolock(wanted, reference),
        network=not any(one.networks for one in hosts),
        remove=tuple(Step(node.title, node.id, node.is_manager) for node in removed),
        left=tuple(Step(node.title, node.id, node.is_manager) for node in gone if node not in removed),
        ready=ready,
        prove=tuple(one.name for one in hosts if one.name not in members or members[one.name].availability == "active"),
    )


def _step(name: str, members: dict[str, Node]) -> Step:
    return Step(name, members[name].id if name in members else "")


def _autolock(wanted: Wanted, reference: Host | None) -> bool | None:
    """Return what autolock has to become; ``None`` if it stays. A new Swarm has it off."""
    present = reference.autolock if reference else False
    return wanted.autolock if wanted.autolock not in (None, present) else None


def _labels(hosts: Sequence[Host], members: dict[str, Node]) -> Iterator[Labels]:
    """Return the labels that change. Those that are not ours stay as they are."""
    for one in hosts:
        node, wanted = members.get(one.name), one.labels()
        present = dict(node.labels) if node else {}
        add = {key: value for key, value in wanted.items() if present.get(key) != value}
        ours = [key for key in present if key == HOST_LABEL or key.startswith(GROUP_LABEL)]
        remove = tuple(key for key in ours if key not in wanted)
        if add or remove:
            yield Labels(one.name, node.id if node else "", add, remove)


def _changes(plan: Plan, nodes: Sequence[Node]) -> Iterator[Change]:
    """Return the changes of managers, in their order."""
    reachable = {node.id: node.reachability == "reachable" for node in nodes}
    yield from (Change("promote", step.title) for step in plan.promote)
    yield from (Change("demote", step.title, reachable[step.id]) for step in plan.demote)
    yield from (Change("remove", step.title, reachable[step.id]) for step in plan.remove if step.is_manager)
