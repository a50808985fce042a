"""Published ports: each is valid, and no two services publish the same.

Place in the pipeline: description, under ``checks``. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service

_PUBLISHED = re.compile(
    r"(?:(?P<address>[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?P<host>[0-9]+):(?P<inside>[0-9]+)(?:/(?P<protocol>tcp|udp))?"
)


def check(services: Mapping[str, Service]) -> None:
    """Check every port that *services* publish, in the base and in the overlay.

    :raises ValueError: for a port that is published twice, is not valid, or would be shared by replicas; for an edge
        without a port.
    """
    published: list[tuple[str, str, str]] = []
    for service in services.values():
        for port in overrides.all_ports(service.ports, service.overlay):
            address, number = _published(service, str(port))
            for other_address, other_number, holder in published:
                if number == other_number and (address == other_address or "" in (address, other_address)):
                    raise ValueError(
                        f"service {service.name!r}: port {number} of the host is published twice, "
                        f"here and by service {holder!r}"
                    )
            published.append((address, number, service.name))
        if service.kind.edge:
            _check_edge(service)


def _check_edge(edge: Service) -> None:
    """Check the ports of an edge as Compose merges them: a rollout sends its requests to the first one."""
    merged = overrides.all_ports(edge.compose.get("ports", edge.ports) or [], edge.overlay)
    for port in merged:
        _published(edge, str(port))
    if not merged:
        raise ValueError(
            f"service {edge.name!r}: key 'ports': an edge publishes at least one port, but 'compose' or 'environments' "
            f"remove it; leave it, and choose it with 'http_port' and 'http_address'"
        )


def _published(service: Service, port: str) -> tuple[str, str]:
    """Return the address ("" for all) and ``PORT/PROTOCOL`` of the host that *port* publishes."""
    match = _PUBLISHED.fullmatch(port)
    if match is None or not (1 <= int(match["host"]) <= 65535 and 1 <= int(match["inside"]) <= 65535):
        raise ValueError(
            f"service {service.name!r}: published port {port!r} is not HOST:CONTAINER or ADDRESS:HOST:CONTAINER, "
            f"each port from 1 to 65535"
        )
    if service.replicas > 1:
        raise ValueError(
            f"service {service.name!r}: {service.replicas} replicas cannot share the published port {match['host']}; "
            f"publish it through the edge, or set 'replicas' to 1"
        )
    address = match["address"] or ""
    return "" if address in ("0.0.0.0", "[::]") else address, f"{match['host']}/{match['protocol'] or 'tcp'}"
