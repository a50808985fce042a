"""Hosts among those of their stack: which ones have a service, and their private addresses.

Place in the pipeline: description, under ``placement`` and ``inner_edge``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.slipway.stack.plugins.plugin_utils.description import private_addresses
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion


@dataclass(frozen=True)
class Place:
    """A host among those of its stack.

    ``hosts``: the names of all of them, in their order. ``matched``: those that each pattern of the description means.
    ``addresses``: the private address of each host that has one. ``groups``: what patterns may name, for messages.
    ``managers``: with a Swarm, the hosts that are its managers. ``network``: its overlay network.
    """

    host: str
    hosts: tuple[str, ...]
    matched: Mapping[str, tuple[str, ...]]
    addresses: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    network: str = ""


def hosts_of_services(stack: Stack, place: Place) -> dict[str, tuple[str, ...]]:
    """Return the hosts of each service, in their order. :raises ValueError: for a pattern that matches none."""
    return {name: hosts_of(service, place) for name, service in stack.services.items()}


def hosts_of(service: Service, place: Place) -> tuple[str, ...]:
    """Return the hosts that the pattern of a service means; all of them if it has none.

    :raises ValueError: for a pattern that matches none.
    """
    if not service.hosts:
        return place.hosts
    found = place.matched.get(service.hosts, ())
    if not found:
        hint = suggestion(service.hosts, [*place.groups, *place.hosts])
        raise ValueError(
            f"service {service.name!r}: key 'hosts': {service.hosts!r} matches no host of the stack{hint}; the stack "
            f"has {', '.join(place.hosts)}"
        )
    return tuple(host for host in place.hosts if host in found)


def private_address(place: Place, host: str, reason: str) -> str:
    """Return the private address of a host.

    :param reason: why it is needed, as a whole clause.
    :raises ValueError: if the host has none, or one that is not of a private network.
    """
    text = place.addresses.get(host, "")
    if not text:
        raise ValueError(f"{reason}; set stack_address of {host!r} to its private address, such as 10.0.0.2")
    return private_addresses.private_address(host, text)
