"""Hosts of a stack and their Swarm, as the hosts report them, for tests without engines."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.node_labels import HOST_LABEL
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import cluster
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Host, Network, Wanted

NETWORK = "shop-mesh"
MESH = {
    "driver": "overlay",
    "scope": "swarm",
    "attachable": True,
    "encrypted": True,
    "mtu": 0,
    "subnets": ["10.1.0.0/24"],
}


def node(name: str, role: str = "worker", **said: Any) -> dict[str, Any]:
    """Return a node with the labels that its host gives it."""
    labels = {HOST_LABEL: name, f"{cluster.GROUP_LABEL}stack": "true"}
    return {
        "id": f"id-{name}",
        "host": said.get("labels", labels).get(HOST_LABEL, ""),
        "name": name,
        "role": role,
        "availability": "active",
        "state": "ready",
        "address": "",
        "leader": False,
        "reachability": "reachable" if role == "manager" else "",
        "version": "26.1.5",
        "labels": labels,
        **said,
    }


def report(name: str = "", number: int = 0, **said: Any) -> dict[str, Any]:
    """Return what a host reports: with *name* that of a member of the Swarm, otherwise that of an engine outside."""
    member = {"state": "active", "node": f"id-{name}", "address": f"10.0.0.{number}"} if name else {}
    return {
        "version": "26.1.5",
        "live_restore": False,
        "state": "inactive",
        "error": "",
        "node": "",
        "address": "",
        "manager": False,
        "cluster": "",
        "networks": [],
        "nodes": [],
        "leaderless": "",
        "autolock": False,
        **member,
        **said,
    }


def host(name: str, number: int, said: dict[str, Any], **changes: Any) -> Host:
    """Return a host of the group `stack` with the address 10.0.0.*number*."""
    address, groups = changes.get("address", f"10.0.0.{number}"), changes.get("groups", ["all", "stack"])
    return cluster.host(name, address, groups, said, NETWORK)


def swarm(nodes: list[dict[str, Any]], count: int | None = None, **changes: dict[str, Any]) -> list[Host]:
    """Return the hosts of a Swarm: the first *count* nodes, or all of them. *changes* of reports go by name."""
    hosts = []
    for number, one in enumerate(nodes[:count], 1):
        manager = one["role"] == "manager"
        known = {"manager": True, "cluster": "c1", "nodes": nodes, "networks": [MESH]} if manager else {}
        said = report(one["name"], number, **{**known, **changes.get(one["name"], {})})
        hosts.append(host(one["name"], number, said))
    return hosts


def wanted(*managers: str, **said: Any) -> Wanted:
    """Return what the inventory says, by default about hosts `a` to `e`."""
    return Wanted(**{"managers": managers, "network": Network(NETWORK), "inventory": frozenset("abcde"), **said})
