"""Whether nothing but the edge answers from another host, as sentences.

Place in the pipeline: on the host that ``verify`` tries ports from, after ``port_scan``. Pure. Ports that Docker
publishes pass by the rules of ufw, so only a try from outside proves what is open.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.port_scan import Answers

LAST_PORT = 65535
#: Ports that are tried first, in addition to those of the containers, and what is there as a rule.
WELL_KNOWN = {
    2375: "the Docker engine",
    2376: "the Docker engine",
    3306: "MySQL",
    5432: "Postgres",
    5672: "RabbitMQ",
    6379: "Redis",
    9200: "Elasticsearch",
    11211: "Memcached",
    27017: "MongoDB",
}
#: More findings than that of one address become one sentence.
_MANY = 20


@dataclass(frozen=True)
class Tried:
    """One address of a host that was tried: its name and address, where from, and what was heard.

    ``must_answer``: whether silence is a problem, because somebody named this address. ``is_private``: whether it is
    the private address of the host, at which services are published for the other hosts of their stack.
    """

    host: str
    address: str
    origin: str
    answers: Answers
    must_answer: bool = True
    is_private: bool = False


def known(containers: Iterable[Mapping[str, Any]], further: Iterable[int]) -> list[int]:
    """Return the ports that are tried first: those of containers, and those that are known for data.

    :param containers: the result of ``listening_ports.find``. :param further: ports that may answer.
    """
    ports = [port for entry in containers for port in (entry["port"], entry["inside"]) if port]
    return list(dict.fromkeys([*ports, *WELL_KNOWN, *further]))


def others(first: Iterable[int]) -> list[int]:
    """Return all ports but those of *first*."""
    return sorted({*range(1, LAST_PORT + 1)} - {*first})


def expected(containers: Iterable[Mapping[str, Any]]) -> set[int]:
    """Return the ports at which the public is meant to reach an edge."""
    return {entry["port"] for entry in containers if entry["edge"] and entry["port"] and not _is_local(entry)}


def _for_the_stack(tried: Tried, containers: Iterable[Mapping[str, Any]]) -> set[int]:
    """Return the ports that a stack publishes at this private address, and at no other, for its other hosts."""
    if not tried.is_private:
        return set()
    return {entry["port"] for entry in containers if entry["stack"] and entry["addresses"] == [tried.address]}


def problems(tried: Tried, containers: Collection[Mapping[str, Any]], allowed: Collection[int]) -> list[str]:
    """Return a sentence for each port that answers and must not, and one if the tries prove nothing.

    :param allowed: ports that may answer besides those of an edge.
    """
    answers, where = tried.answers, f"{tried.host} ({tried.address})"
    meant = {*allowed, *expected(containers), *_for_the_stack(tried, containers)}
    wrong = [port for port in answers.open if port not in meant]
    result = [_sentence(port, tried, containers) for port in wrong]
    if len(wrong) > _MANY:
        shown = ", ".join(map(str, wrong[:_MANY]))
        text = (
            f"{len(wrong)} ports of {where} answer from {tried.origin} that must not: {shown}, …; if these are more "
            f"than listen there, a firewall or a proxy between the two hosts answers, and {tried.origin} cannot prove "
            "anything"
        )
        result = [text]
    if tried.must_answer and not answers.open and not answers.refused:
        why = max(answers.unreachable, key=answers.unreachable.__getitem__, default="no answer in time")
        result.append(
            f"nothing at {where} answers {tried.origin}, not even with a refusal ({why}), so nothing is proven; set "
            f"verify_addresses to addresses of {tried.host} that {tried.origin} reaches"
        )
    if answers.untried:
        result.append(
            f"{answers.untried} ports of {where} were not tried from {tried.origin}, because the time was over; raise "
            "verify_scan_seconds, or set verify_scan: false to try only known ports"
        )
    return result


def warnings(tried: Tried, containers: Collection[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each port of an edge that does not answer although something else there does."""
    if not tried.answers.open and not tried.answers.refused:
        return []
    here = [entry for entry in containers if _is_at(tried.address, entry)]
    closed = sorted(expected(here) - set(tried.answers.open))
    return [
        f"port {port} of {tried.host} ({tried.address}) does not answer from {tried.origin}, and "
        f"{_publisher(port, containers)} publishes it; a firewall may be in between"
        for port in closed
    ]


def _sentence(port: int, tried: Tried, containers: Collection[Mapping[str, Any]]) -> str:
    """Return which port answers, who publishes it, and what would be right."""
    name = f" ({WELL_KNOWN[port]})" if port in WELL_KNOWN else ""
    start = f"port {port}{name} of {tried.host} ({tried.address}) answers from {tried.origin}"
    publisher = _publisher(port, containers)
    if not publisher:
        return (
            f"{start}, and no container publishes it: a program of the host has it, or a container in the network of "
            f"the host; `ss -ltnp 'sport = :{port}'` on {tried.host} names it; bind it to 127.0.0.1, close it with the "
            "firewall, or name the port in verify_allowed_ports"
        )
    local = all(_is_local(entry) for entry in containers if entry["port"] == port)
    if local:
        return (
            f"{start}, although {publisher} publishes it on the loopback address only; another program has it at this "
            "address, or the engine is older than 28 and lets neighbours in"
        )
    return (
        f"{start}: {publisher} publishes it, and published ports bypass ufw; remove the port and let the edge send "
        f"requests there, publish it as 127.0.0.1:{port}, or name it in verify_allowed_ports"
    )


def _publisher(port: int, containers: Iterable[Mapping[str, Any]]) -> str:
    """Return who publishes a port, in words; empty if no container does."""
    entries = [entry for entry in containers if entry["port"] == port]
    entry = next((entry for entry in entries if not _is_local(entry)), entries[0] if entries else None)
    if entry is None:
        return ""
    if entry["service"]:
        return f"service '{entry['service']}' of the stack '{entry['stack']}'"
    return f"the container {entry['container']}"


def _is_local(entry: Mapping[str, Any]) -> bool:
    """Return whether a port is published on the loopback address only."""
    return all(is_loopback(address) for address in entry["addresses"])


def _is_at(address: str, entry: Mapping[str, Any]) -> bool:
    """Return whether a port is published at an address: by that address, or for all of them."""
    return any(one in (address, "0.0.0.0", "::") for one in entry["addresses"])


def is_loopback(address: str) -> bool:
    """Return whether an address, or a name, is that of the host itself."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return address == "localhost"
