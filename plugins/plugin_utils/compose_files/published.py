"""The published ports of the services in a team's files: checked, and as the description writes them.

Place in the pipeline: compose_files. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import Problems, service_key
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.services import escaped
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.published_ports import MAX_RANGE, Port, ports
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, mark_of

#: What only the long notation can say of a port.
_LONG_KEYS = ("name", "mode", "app_protocol")


def check(services: Mapping[str, Map], problems: Problems) -> None:
    """Check that every published port has a port of the host, and that no two services publish the same one."""
    taken: list[tuple[str, Port]] = []
    for name, keys in services.items():
        for port in ports(keys):
            problem = _problem(keys, port) or _taken(name, port, taken)
            if problem:
                mark = mark_of(keys["ports"], port.path[1]) or mark_of(keys, "ports")
                problems.add(mark, service_key(name, "ports"), problem)
            taken.append((name, port))


def _problem(keys: Map, port: Port) -> str | None:
    text = str(keys["ports"][port.path[1]].get("published") or "")
    first, _dash, last = text.partition("-")
    if text in ("", "0"):
        return (
            f"the container port {port.target} has no port on the host, so Docker would choose a random one; write "
            f"HOST_PORT:{port.target}"
        )
    if port.count == 1 and last not in ("", first) and not locations.unset_in(text):
        return f"{text} is not a range of at most {MAX_RANGE} ports"
    return None


def _taken(name: str, port: Port, taken: Iterable[tuple[str, Port]]) -> str | None:
    """Return that a port is published twice. The same entry twice counts once, and a range can avoid any port."""
    for owner, other in taken:
        first = max(port.published or 0, other.published or 0)
        shared = first < min((port.published or 0) + port.count, (other.published or 0) + other.count)
        same = owner == name and replace(port, path=other.path) == other
        hosts = {host if host not in ("0.0.0.0", "::") else "" for host in (port.host, other.host)}
        meet = first and shared and port.protocol == other.protocol and (len(hosts) == 1 or "" in hosts)
        if meet and not same and not (port.any_of or other.any_of):
            return f"port {first} of the host is also published by service {owner!r}; change one of the two"
    return None


def published(keys: Map) -> list[str | dict[str, Any]]:
    """Return the published ports of a service, each port of a range alone, as Compose does it.

    A port is in the short notation if that says the same, else in the long one. A range of the host for one port of the
    container stays a range: the engine takes any of them.
    """
    result: list[str | dict[str, Any]] = []
    for port in ports(keys):
        entry = keys["ports"][port.path[1]]
        if not port.published or port.target is None:
            continue
        further = {key: entry[key] for key in _LONG_KEYS if entry.get(key) and (key, entry[key]) != ("mode", "ingress")}
        found = _long(port, further) if further else _short(port)
        result += [one for one in found if one not in result]
    return result


def _short(port: Port) -> list[str | dict[str, Any]]:
    host = f"{bracketed(port.host)}:" if port.host else ""
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return [f"{host}{published}:{target}{protocol}" for published, target in _pairs(port)]


def _long(port: Port, further: Mapping[str, Any]) -> list[str | dict[str, Any]]:
    host = {"host_ip": port.host} if port.host else {}
    protocol = {} if port.protocol == "tcp" else {"protocol": port.protocol}
    return [
        {"target": target, "published": published, **host, **protocol, **escaped(further)}
        for published, target in _pairs(port)
    ]


def _pairs(port: Port) -> list[tuple[str, int]]:
    """Return the port of the host, or the range of which the engine takes one, with the port of the container."""
    first, target = port.published or 0, port.target or 0
    if port.any_of:
        return [(f"{first}-{first + port.count - 1}", target)]
    return [(str(first + step), target + step) for step in range(port.count)]
