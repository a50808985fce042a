"""Published ports: each is valid, and no two services publish the same.

Place in the pipeline: description, under ``checks``. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed
from ansible_collections.slipway.stack.plugins.plugin_utils.description import overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service

_PUBLISHED = re.compile(
    r"(?:(?P<address>[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?P<host>[0-9]+)(?:-(?P<last>[0-9]+))?:(?P<inside>[0-9]+)"
    r"(?:/(?P<protocol>tcp|udp|sctp))?"
)
#: The keys of a port in Compose's long notation.
_LONG_KEYS = frozenset({"target", "published", "host_ip", "protocol", "name", "mode", "app_protocol"})


def entries(service: str, given: Iterable[Any], plain: bool) -> tuple[str | Mapping[str, Any], ...]:
    """Return the ports that a service publishes, in Compose's short notation.

    :param plain: whether the service is from a team's own Compose files: then the long notation is valid, too.
    :raises ValueError: for an entry in the long notation with other keys.
    """
    result: list[str | Mapping[str, Any]] = []
    for entry in given:
        if plain and isinstance(entry, Mapping):
            if not {"target", "published"} <= set(entry) <= _LONG_KEYS:
                raise ValueError(
                    f"service {service!r}: key 'publish': {dict(entry)!r} is not a port; valid keys: "
                    f"{', '.join(sorted(_LONG_KEYS))}"
                )
            result.append(dict(entry))
        else:
            result.append(str(entry))
    return tuple(result)


def text(port: str | Mapping[str, Any]) -> str:
    """Return a published port in Compose's short notation, without what only the long one can say."""
    if not isinstance(port, Mapping):
        return str(port)
    host, protocol = str(port.get("host_ip") or ""), str(port.get("protocol") or "tcp")
    address = f"{bracketed(host)}:" if host else ""
    return f"{address}{port['published']}:{port['target']}{'' if protocol == 'tcp' else f'/{protocol}'}"


def check(services: Mapping[str, Service]) -> None:
    """Check every port that *services* publish, in the base and in the overlay.

    :raises ValueError: for a port that is published twice, is not valid, or would be shared by replicas; for an edge
        without a port.
    """
    published: list[tuple[str, str, str]] = []
    for service in services.values():
        for port in overrides.all_ports(service.ports, service.overlay):
            address, number = _published(service, text(port) if service.kind.plain else str(port))
            for other_address, other_number, holder in published:
                if (
                    number == other_number
                    and "-" not in number
                    and (address == other_address or "" in (address, other_address))
                ):
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
    numbers = [match["host"], match["last"] or match["host"], match["inside"]] if match else []
    if match is None or not all(1 <= int(number[:6]) <= 65535 for number in numbers):
        raise ValueError(
            f"service {service.name!r}: published port {port!r} is not HOST:CONTAINER or ADDRESS:HOST:CONTAINER, "
            f"each port from 1 to 65535"
        )
    # The engine takes any port of a range, another one for each replica.
    first, last = int(match["host"]), int(numbers[1])
    if service.replicas > max(last - first + 1, 1):
        raise ValueError(
            f"service {service.name!r}: {service.replicas} replicas cannot share the published port {first}; "
            f"publish it through the edge, or set 'replicas' to 1"
        )
    address = match["address"] or ""
    number = f"{first}-{last}" if match["last"] else f"{first}"
    return "" if address in ("0.0.0.0", "[::]") else address, f"{number}/{match['protocol'] or 'tcp'}"
