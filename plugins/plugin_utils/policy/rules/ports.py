"""Published ports: what the world can reach."""

from __future__ import annotations

from collections.abc import Iterator

from ..registry import Problem, StackProblem, service_rule, stack_rule
from ..stack import Service, Stack
from ..vocabulary import DATA_PORTS, DEBUG_PORTS, NO_DEBUGGERS

_REFERENCE = "Compose specification, services, ports"
_HINT = "Docker's own firewall rules come before those of ufw and firewalld"


def _everywhere(host: str) -> bool:
    return host in ("", "0.0.0.0", "::", "*")


@service_rule(
    "wwee",
    "compose-lint:CL-0005 compose-auditor:NET003 dclint:no-unbound-port-interfaces",
    id="SLP080",
    title="A datastore is not published beyond the loopback address",
    reason=f"It is found within minutes, and {_HINT}: the port is open although the firewall says closed.",
    fix='Remove `ports`: other services reach it without. For a tunnel write `"127.0.0.1:5432:5432"`.',
    reference="CIS Docker Benchmark 5.14",
)
def datastore(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores, by image or by the port inside, that are published on any address but loopback."""
    for port in service.ports:
        if (service.holds_data or port.target in DATA_PORTS) and not port.loopback:
            yield f"publishes the datastore's port {port.target} on {port.host or 'all addresses'}", port.path


@service_rule(
    "--iw",
    "compose-lint:CL-0005 compose-auditor:NET002 dclint:no-unbound-port-interfaces",
    id="SLP081",
    title="What stands behind a proxy is not published beside it",
    reason=f"Everybody can go around TLS, limits and logins of the proxy; and {_HINT}.",
    fix="Remove `ports`; the proxy reaches it by its name. Or bind it to 127.0.0.1.",
    reference=_REFERENCE,
)
def beside_the_proxy(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find applications that are published although a proxy of the stack is."""
    if not stack.has_front or service.in_front or service.holds_data:
        return
    for port in service.ports:
        if _everywhere(port.host) and port.target not in DATA_PORTS and port.target not in DEBUG_PORTS:
            yield f"publishes port {port.target} on all addresses, past the proxy", port.path


@stack_rule(
    "eeee",
    "dclint:no-duplicate-exported-ports",
    id="SLP082",
    title="A port of the host is published once",
    reason="The second container does not start: the address is in use.",
    fix="Give one of them another port; a service with replicas is published through a proxy.",
    reference=_REFERENCE,
)
def collision(stack: Stack) -> Iterator[StackProblem]:
    """Find ports that two services take on the same address, and fixed ports of services with replicas."""
    taken: dict[tuple[int, str], list[tuple[str, Service]]] = {}
    for service in stack.services.values():
        for port in service.ports:
            if port.published is None:
                continue
            for number in range(port.published, port.published + port.count):
                others = taken.setdefault((number, port.protocol), [])
                for host, other in others:
                    same = host == port.host or _everywhere(host) or _everywhere(port.host)
                    if same and not (other is service and port.count > 1) and _together(service, other):
                        yield service.name, f"publishes port {number}, which {other.name!r} has already", port.path
                        break
                others[:0] = [(port.host, service)] if len(others) < 20 else []
            if service.replicas > port.count:
                yield service.name, f"has {service.replicas} replicas and one port {port.published}", port.path


def _together(one: Service, other: Service) -> bool:
    """Return whether two services can run at the same time, going by their profiles."""
    first, second = set(map(str, one.items("profiles"))), set(map(str, other.items("profiles")))
    return not first or not second or bool(first & second)


@service_rule(
    "--iw",
    "compose-lint:CL-0005",
    id="SLP083",
    title="Only a proxy has a port below 1024",
    reason="These are the host's own: SSH, mail, the web. An application there is in front without being made for it.",
    fix="Put a proxy before it, or publish it on a port above 1023.",
    reference="CIS Docker Benchmark 5.8",
)
def low_port(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find low ports of the host at services that are no proxies."""
    for port in service.ports:
        if port.published is not None and 0 < port.published < 1024 and not service.in_front and not port.loopback:
            yield f"publishes port {port.published}", port.path


@service_rule(
    "-iee",
    id="SLP084",
    title="No debugger can be reached",
    reason="A debugger's port runs whatever it is told, without a password.",
    fix="Remove the port here; keep it in a file for development, on 127.0.0.1.",
    reference=_REFERENCE,
)
def debugger(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find published ports on which debuggers listen."""
    for port in service.ports:
        if port.target in DEBUG_PORTS and NO_DEBUGGERS.get(port.target) != service.base:
            yield f"publishes port {port.target}, that of {DEBUG_PORTS[port.target]}", port.path
