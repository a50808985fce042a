"""The hosts of a stack and the nodes of their Swarm, as the hosts have reported them.

Place in the pipeline: controller, before the plan of the Swarm. Pure. ``module_utils/swarm/standing.py`` writes what is
read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.node_labels import GROUP_LABEL, HOST_LABEL
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed

#: The port of the managers, for nodes.
PORT = 2377
#: Groups that every host or no host is in.
_NOT_GROUPS = ("all", "ungrouped")


@dataclass(frozen=True)
class Network:
    """An overlay network as it is, or as it is to be.

    ``mtu``: 0 for the engine's own. ``subnets``: empty if any will do.
    """

    name: str
    driver: str = "overlay"
    scope: str = "swarm"
    attachable: bool = True
    encrypted: bool = True
    mtu: int = 0
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """A node as a manager knows it.

    ``name``: that of the machine. ``host``: that in the inventory, if it has the label.
    """

    id: str
    host: str
    name: str
    role: str
    availability: str
    state: str
    address: str
    leader: bool
    reachability: str
    version: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_manager(self) -> bool:
        """Return whether it is a manager, or becomes one."""
        return self.role == "manager"

    @property
    def title(self) -> str:
        """Return how messages call it."""
        return self.host or self.name or self.id


@dataclass(frozen=True)
class Host:
    """A host of the stack. ``address``: its ``stack_address``. The others are what its engine said about its Swarm."""

    name: str
    address: str
    groups: tuple[str, ...]
    version: str
    live_restore: bool
    state: str
    error: str
    node: str
    node_address: str
    is_manager: bool
    cluster: str
    leaderless: str
    autolock: bool
    networks: tuple[Network, ...]
    nodes: tuple[Node, ...]

    @property
    def is_member(self) -> bool:
        """Return whether its engine is in a Swarm."""
        return self.state == "active"

    def labels(self) -> dict[str, str]:
        """Return the labels that its node is to have."""
        groups = {f"{GROUP_LABEL}{group}": "true" for group in self.groups if group not in _NOT_GROUPS}
        return {HOST_LABEL: self.name, **groups}


@dataclass(frozen=True)
class Wanted:
    """What the inventory says about the Swarm.

    ``managers``: the names of the hosts that are to be managers. ``autolock``: ``None`` leaves it as it is. ``remove``:
    names of nodes that may be removed. ``inventory``: the names of all hosts, those of other stacks included.
    """

    managers: tuple[str, ...]
    network: Network
    pools: tuple[str, ...] = ()
    autolock: bool | None = None
    remove: tuple[str, ...] = ()
    inventory: frozenset[str] = frozenset()


def host(name: str, address: str, groups: list[str], said: Mapping[str, Any], network: str) -> Host:
    """Return a host from what ``standing.read`` returned there.

    :param network: the name of the networks that it was asked for.
    """
    keys = ("version", "live_restore", "state", "error", "node", "cluster", "leaderless", "autolock")
    return Host(
        name=name,
        address=address,
        groups=tuple(groups),
        node_address=said["address"],
        is_manager=said["manager"],
        networks=tuple(
            Network(network, **{**one, "subnets": tuple(one["subnets"])}) for one in said.get("networks") or ()
        ),
        nodes=tuple(node(one) for one in said.get("nodes") or ()),
        **{key: said[key] for key in keys},
    )


def with_port(address: str) -> str:
    """Return an address with the port of the managers."""
    return f"{bracketed(address)}:{PORT}"


def node(said: Mapping[str, Any]) -> Node:
    """Return a node from one of the ``nodes`` that ``standing.read`` returned."""
    return Node(**{one.name: said[one.name] for one in fields(Node)})
