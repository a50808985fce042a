"""Published ports: what other machines can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..known_datastores import DATA_PORTS
from ..known_software import (
    DEBUG_PORTS,
    DEBUGGERS,
    DISTINCTIVE_DEBUG_PORTS,
    DOUBTFUL_DEBUG_PORTS,
    OTHER_USES_OF_DEBUG_PORTS,
)
from ..rule_registry import Problem, StackProblem, service_rule, stack_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, ports"
_FIREWALL = "The firewall rules of Docker come before those of ufw and firewalld"


def _is_any_address(host: str) -> bool:
    return host in ("", "0.0.0.0", "::", "*")


@service_rule(
    "wwee",
    "compose-lint:CL-0005 compose-auditor:NET003 dclint:no-unbound-port-interfaces",
    id="SLP080",
    title="A datastore is not published beyond the loopback address",
    reason=f"Attackers find an open datastore within minutes. {_FIREWALL}: the port is open although the firewall "
    "reports it as closed.",
    fix='Remove `ports`; other services do not need them. For a tunnel, write `"127.0.0.1:5432:5432"`.',
    reference="CIS Docker Benchmark 5.14",
)
def datastore(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores, by image or by the port inside, that are published on an address other than loopback."""
    for port in service.ports:
        private = port.loopback or port.host.strip("[]") in stack.private_addresses
        if (service.is_datastore or port.target in DATA_PORTS) and not private:
            yield f"publishes the datastore's port {port.target} on {port.host or 'all addresses'}", port.path


@service_rule(
    "--iw",
    "compose-lint:CL-0005 compose-auditor:NET002 dclint:no-unbound-port-interfaces",
    id="SLP081",
    title="A service behind a proxy is not published on all addresses",
    reason=f"Everybody can bypass TLS, limits and logins of the proxy. {_FIREWALL}.",
    fix="Remove `ports`; the proxy reaches the service by its name. Or bind the port to 127.0.0.1.",
    reference=_REFERENCE,
)
def bypasses_proxy(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find applications that are published although the stack has a published proxy."""
    if not stack.has_published_proxy or service.is_proxy or service.is_datastore:
        return
    for port in service.ports:
        if _is_any_address(port.host) and port.target not in DATA_PORTS and port.target not in DEBUG_PORTS:
            yield f"publishes port {port.target} on all addresses, which bypasses the proxy", port.path


@stack_rule(
    "eeee",
    "dclint:no-duplicate-exported-ports",
    id="SLP082",
    title="A host port is published once",
    reason="The second container does not start, because the address is in use.",
    fix="Give one of the services another port. Publish a service with replicas through a proxy.",
    reference=_REFERENCE,
)
def collision(stack: Stack) -> Iterator[StackProblem]:
    """Find ports that two services publish on the same address, and fixed ports of services with replicas."""
    taken: dict[tuple[int, str], list[tuple[str, Service]]] = {}
    for service in stack.services.values():
        for port in service.ports:
            if port.published is None:
                continue
            for number in range(port.published, port.published + port.count):
                others = taken.setdefault((number, port.protocol), [])
                for host, other in others:
                    same = host == port.host or _is_any_address(host) or _is_any_address(port.host)
                    if same and not (other is service and port.count > 1) and _can_run_together(service, other):
                        yield (
                            service.name,
                            f"publishes port {number}, which {other.name!r} already publishes",
                            port.path,
                        )
                        break
                others[:0] = [(port.host, service)] if len(others) < 20 else []
            if service.replicas > port.count:
                message = f"has {service.replicas} replicas, which cannot all publish port {port.published}"
                yield service.name, message, port.path


def _can_run_together(one: Service, other: Service) -> bool:
    """Return whether the profiles of two services allow that both run at the same time."""
    first, second = set(map(str, one.items("profiles"))), set(map(str, other.items("profiles")))
    return not first or not second or bool(first & second)


@service_rule(
    "--iw",
    "compose-lint:CL-0005",
    id="SLP083",
    title="Only a proxy publishes a port below 1024",
    reason="These ports are for services of the host: SSH, mail, the web. An application on such a port takes requests "
    "directly, without a proxy that is made for that.",
    fix="Put a proxy in front of the service, or publish it on a port above 1023.",
    reference="CIS Docker Benchmark 5.8",
)
def low_port(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find ports below 1024 that are published by a service other than a proxy."""
    for port in service.ports:
        if port.published is not None and 0 < port.published < 1024 and not service.is_proxy and not port.loopback:
            yield f"publishes port {port.published}, which is below 1024", port.path


@service_rule(
    "-iee",
    id="SLP084",
    title="No debugger port is published",
    reason="A debugger runs every command that it receives, and needs no password.",
    fix="Remove the port here. Keep it in a development file, on 127.0.0.1.",
    reference=_REFERENCE,
)
def debugger(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find published ports that debuggers use."""
    for port in service.ports:
        if port.target in DEBUG_PORTS and _is_debugger(service, port.target):
            yield f"publishes port {port.target}, the port of {DEBUG_PORTS[port.target]}", port.path


def _is_debugger(service: Service, number: int) -> bool:
    """Return whether a port that debuggers use is one of a debugger here, and not the port of an application."""
    other = OTHER_USES_OF_DEBUG_PORTS.get(number)
    if other and other in service.base:
        return False
    if number in DISTINCTIVE_DEBUG_PORTS or DEBUGGERS.search(" ".join([service.command, *service.variables.values()])):
        return True
    # The only port of a service is that of its application.
    return number not in DOUBTFUL_DEBUG_PORTS and any(
        port.target != number and port.protocol == "tcp" for port in service.ports
    )


#: The port of the API that controls a proxy, by image.
_ADMIN_PORTS = {"caddy": 2019, "kong": 8001, "envoy": 9901, "apisix": 9180}


@service_rule(
    "iwee",
    id="SLP085",
    title="No API without a login is published that controls a proxy or the engine",
    reason="Everybody who reaches the API of a proxy sees all routes, and with most proxies can change them. Everybody "
    "who reaches the API of Docker is root on the host.",
    fix="Remove the port, and `--api.insecure`. Publish the dashboard through a router of the proxy with a login.",
    reference="Traefik documentation, API and dashboard; the admin APIs of Caddy, Kong, Envoy and APISIX",
)
def admin_api(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find published APIs: the insecure one of Traefik, the admin APIs of other proxies, and that of Docker."""
    for number, name in _apis(service):
        for port in service.ports:
            if port.target is not None and port.target <= number < port.target + port.count and not port.loopback:
                yield f"publishes {name}, which has no login, on port {number}", port.path
        if service.text("network_mode") == "host" and service.base == "traefik":
            yield f"publishes {name}, which has no login, on port {number} of the host", ("network_mode",)


def _apis(service: Service) -> Iterator[tuple[int, str]]:
    """Yield the ports of APIs without a login that a service may have, each with its name."""
    yield from ((2375, "the API of Docker"),) if not service.is_proxy else ()
    if service.base in _ADMIN_PORTS:
        yield _ADMIN_PORTS[service.base], f"the admin API of {service.base}"
    if service.base == "traefik" and _is_insecure_traefik(service):
        yield _traefik_port(service), "Traefik's API"


def _is_insecure_traefik(service: Service) -> bool:
    option = re.search(r"--api\.insecure(?:=(\S+))?(?=\s|$)", service.command, re.IGNORECASE)
    value = (option[1] or "true") if option else service.variables.get("TRAEFIK_API_INSECURE", "false")
    return value.strip("\"'").lower() in ("true", "1", "t", "yes")


def _traefik_port(service: Service) -> int:
    """Return the port of the entrypoint `traefik`, where the API is."""
    option = re.search(r"--entrypoints\.traefik\.address=[^\s:]*:(\d{1,5})", service.command, re.IGNORECASE)
    told = re.fullmatch(r"[^\s:]*:(\d{1,5})", service.variables.get("TRAEFIK_ENTRYPOINTS_TRAEFIK_ADDRESS", ""))
    match = option or told
    return int(match[1]) if match else 8080
