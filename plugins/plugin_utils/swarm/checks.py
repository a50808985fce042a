"""Why the hosts of a stack cannot be one Swarm: everything that is wrong, found before anything is changed.

Place in the pipeline: controller, before the plan of the Swarm. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.slipway.stack.plugins.plugin_utils.description.private_addresses import private_address
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Host, Node, Wanted

#: The majors of two engines may be that far apart. Docker advises against any difference but during an upgrade.
_APART = 2
_PROVISION = "playbooks/provision.yml"
#: What to do about an engine that is neither in a Swarm nor outside of one.
_STATES = {
    "pending": "tries to join a Swarm and does not reach it; open TCP port 2377 of the managers for it, or run "
    "'docker swarm leave' there",
    "error": "is in a Swarm and cannot take part in it; run 'docker swarm leave --force' there if the managers can do "
    "without it",
    "locked": "is a manager whose keys are locked; run 'docker swarm unlock' there",
}


def of_hosts(hosts: Sequence[Host]) -> list[str]:
    """Return a sentence for each problem that a host has by itself."""
    return [*_addresses(hosts), *(sentence for one in hosts for sentence in _engine(one)), *_versions(hosts)]


def of_members(hosts: Sequence[Host], reference: Host | None) -> list[str]:
    """Return a sentence for each host that is not a member of the Swarm as it should be.

    :param reference: a manager of the Swarm; ``None`` if there is no Swarm yet.
    """
    if reference is None:
        return [sentence for one in hosts for sentence in _without_manager(one)]
    nodes = {node.id: node for node in reference.nodes}
    return [sentence for one in hosts for sentence in _member(one, nodes, reference)]


def of_network(hosts: Sequence[Host], wanted: Wanted) -> list[str]:
    """Return a sentence for each network of this name that is another one, and for ranges that others use."""
    found = {network: one.name for one in hosts for network in one.networks}
    problems = []
    for network, name in found.items():
        differences = [
            f"{key} is {_said(getattr(network, key))} instead of {_said(getattr(wanted.network, key))}"
            for key in ("driver", "scope", "attachable", "encrypted", "mtu", "subnets")
            if getattr(network, key) != getattr(wanted.network, key)
            and (key != "subnets" or getattr(wanted.network, key))
        ]
        if differences:
            problems.append(
                f"network {network.name!r}: {name} has one, and its {', its '.join(differences)}; nothing changes an "
                f"existing network, so set the variables to what it has, or stop what uses it and run 'docker network "
                f"rm {network.name}'"
            )
    return [*problems, *_ranges(hosts, wanted)]


def _addresses(hosts: Sequence[Host]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for one in hosts:
        if not one.address:
            yield f"host {one.name!r} has no stack_address; set it to its private address, such as 10.0.0.2"
            continue
        try:
            address = private_address(one.name, one.address)
        except ValueError as error:
            yield str(error)
            continue
        if address in seen:
            yield f"host {one.name!r}: stack_address: {address} is that of host {seen[address]!r}, too"
        seen[address] = one.name


def _engine(one: Host) -> Iterator[str]:
    if one.state in _STATES:
        yield f"{one.name} {_STATES[one.state]}{f' ({one.error})' if one.error else ''}"
    if one.live_restore:
        yield (
            f"the engine of {one.name} has live-restore on, which Docker refuses in a Swarm; set engine_live_restore: "
            f"false, and run {_PROVISION} for it"
        )


def _versions(hosts: Sequence[Host]) -> Iterator[str]:
    majors = {one.name: int(found[0]) for one in hosts if (found := re.findall(r"^\d+", one.version))}
    if majors and max(majors.values()) - min(majors.values()) > _APART:
        oldest, newest = min(majors, key=lambda name: majors[name]), max(majors, key=lambda name: majors[name])
        versions = {one.name: one.version for one in hosts}
        yield (
            f"{oldest} has Docker Engine {versions[oldest]} and {newest} has {versions[newest]}, which are more than "
            f"{_APART} major versions apart; upgrade {oldest} (engine_install: always, {_PROVISION})"
        )


def _without_manager(one: Host) -> Iterator[str]:
    if one.is_manager:
        yield (
            f"{one.name} is a manager of a Swarm that has no leader ({one.leaderless.rstrip('.')}); start the engines "
            "of the other managers, or recover it with 'docker swarm init --force-new-cluster'"
        )
    elif one.is_member:
        yield (
            f"{one.name} is a worker of a Swarm, and no manager of it is a host of the stack; run 'docker swarm leave' "
            "there, or add a manager to the group"
        )


def _member(one: Host, nodes: Mapping[str, Node], reference: Host) -> Iterator[str]:
    manager = reference.name
    earlier = [node for node in nodes.values() if node.host == one.name and node.id != one.node]
    if not one.is_member:
        for other in earlier if one.state == "inactive" else ():
            yield (
                f"{one.name} has left the Swarm, which still has it as the node {other.id} ({other.state}); run "
                f"'docker node rm --force {other.id}' on {manager}, and it joins again"
            )
        return
    node = nodes.get(one.node)
    if node is None or (one.is_manager and one.cluster != reference.cluster):
        yield (
            f"{one.name} belongs to another Swarm than {manager}; run 'docker swarm leave"
            f"{' --force' if one.is_manager else ''}' there if nothing needs that one, or take it out of the group"
        )
        return
    if one.leaderless:
        yield f"{one.name} is a manager that does not reach the others ({one.leaderless.rstrip('.')})"
    elif node.state != "ready" or node.reachability == "unreachable":
        yield (
            f"{one.name} is {node.state if node.state != 'ready' else 'unreachable'} for {manager}; restart its engine"
            ", or open TCP port 2377, TCP and UDP port 7946 and UDP port 4789 between the hosts"
        )
    if one.address and one.node_address != one.address:
        yield (
            f"{one.name} is in the Swarm with the address {one.node_address}, and its stack_address is {one.address}; "
            "set stack_address to the former, or let it leave (docs/swarm.md, 'Another address')"
        )


def _ranges(hosts: Sequence[Host], wanted: Wanted) -> Iterator[str]:
    ranges = [("swarm_address_pools", text) for text in wanted.pools]
    ranges += [("swarm_subnet", text) for text in wanted.network.subnets]
    for variable, text in ranges:
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            yield f"{variable}: {text!r} is no range of addresses; write 172.24.0.0/14"
            continue
        if network.version != 4 or not network.is_private:
            yield f"{variable}: {text} is not a private range of IPv4; write one such as 172.24.0.0/14"
        for one in hosts:
            if _is_in(one.address, network):
                yield (
                    f"{variable}: {text} has the address of {one.name}, {one.address}, so containers could not reach "
                    "it; use another range"
                )


def _is_in(text: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False


def _said(value: object) -> str:
    return ", ".join(value) or "chosen by Docker" if isinstance(value, tuple) else str(value).lower()
