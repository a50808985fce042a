"""Who the edge is to the public, whom it trusts and whom it lets in: host names, and networks.

Place in the pipeline: description, under ``schema`` and ``names``. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_PORT = re.compile(r"(.+):([0-9]{1,5})")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: IPv4 addresses as IPv6 writes them.
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
#: The shortest prefix that a network of load balancers has, by IP version. Private networks have the shortest ones that
#: are in use: 10.0.0.0/8 and fc00::/7.
_SHORTEST = {4: 8, 6: 7}


def host_name(value: object) -> str:
    """Return a host name in lower case.

    :raises ValueError: unless *value* is one.
    """
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value.lower()
    raise ValueError(f"{value!r} is not a host name, such as www.example.com")


def is_host_and_port(value: str) -> bool:
    """Return whether *value* is a host name, with or without a port."""
    with_port = _PORT.fullmatch(value)
    if with_port:
        return bool(_NAME.fullmatch(with_port[1])) and 0 < int(with_port[2]) < 65536
    return bool(_NAME.fullmatch(value))


def host_names(values: Iterable[object]) -> list[str]:
    """Return host names in lower case. ``*.example.com`` stands for every name below ``example.com``.

    :raises ValueError: for the first that is not valid.
    """
    return [_host_names(value) for value in values]


def _host_names(value: object) -> str:
    if isinstance(value, str) and value.startswith("*."):
        return f"*.{host_name(value[2:])}"
    return host_name(value)


def networks(values: Iterable[object]) -> list[str]:
    """Return networks in the notation that nginx and Traefik share, without duplicates.

    :raises ValueError: for one that is not valid, and for networks that together have addresses of half the world: what
        these say of a client is believed.
    """
    found = {str(value): _network(value) for value in values}
    for version, shortest in _SHORTEST.items():
        of_version = [network for network in found.values() if network.version == version]
        for network in ipaddress.collapse_addresses(of_version):  # type: ignore[type-var]
            if network.prefixlen < shortest:
                within = [text for text, one in found.items() if one in of_version and one.subnet_of(network)]  # type: ignore[arg-type]
                raise ValueError(
                    f"{' and '.join(within)} would let nearly anybody say who they are; name the addresses of the load "
                    f"balancers, such as 10.0.0.0/8"
                )
    return list(dict.fromkeys(str(network) for network in found.values()))


def clients(values: Iterable[object]) -> list[str]:
    """Return addresses and networks of clients in the notation that nginx and Traefik share, without duplicates.

    :raises ValueError: for one that is not valid, such as a network with bits of an address: it would let in more
        clients than its address.
    """
    for value in values:
        network = _network(value)
        address = str(value).partition("/")[0]
        if (
            "/" in str(value)
            and ipaddress.ip_address(address) != ipaddress.ip_network(str(value), False).network_address
        ):
            raise ValueError(f"{value!r} is an address in a network; write {address} or {network}")
    return list(dict.fromkeys(str(_network(value)) for value in values))


def _network(value: object) -> _Network:
    try:
        # The zone of an address, after %, is a name of one machine's, and any text.
        network = ipaddress.ip_network(str(value).replace("%", " "), strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is not an address or a network such as 10.0.0.0/8") from None
    if isinstance(network, ipaddress.IPv6Network):
        if network.subnet_of(_MAPPED):
            address = int(network.network_address) & 0xFFFFFFFF
            return ipaddress.IPv4Network((address, network.prefixlen - 96))
        if network.overlaps(_MAPPED):
            return ipaddress.IPv4Network("0.0.0.0/0")
    return network
