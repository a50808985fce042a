"""Networks: which services can reach which."""

from __future__ import annotations

from collections.abc import Iterator

from ..rule_registry import Problem, service_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, networks"


def _named_networks(service: Service) -> list[str]:
    return [name for name in service.mapping("networks") if name != "default"]


@service_rule(
    "-iww",
    id="SLP070",
    title="A datastore is on a network of its own",
    reason="On the default network every service reaches the database, also a service that an attacker controls.",
    fix="Declare a network such as `data: {internal: true}`. Add the datastore and the services that need it.",
    reference=_REFERENCE,
)
def default_network(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores that share the default network with other services."""
    declared = stack.top.get("networks")
    options = declared.get("default") if isinstance(declared, dict) else None
    if isinstance(options, dict) and options.get("internal") is True:
        return
    if not service.is_datastore or len(stack.services) == 1 or service.text("network_mode"):
        return
    if not _named_networks(service) or "default" in service.mapping("networks"):
        yield "is on the default network, with every other service", ("networks",)


@service_rule(
    "--iw",
    id="SLP071",
    title="The network of a datastore is internal",
    reason="On an internal network the datastore cannot reach the internet, so an intruder cannot send its data out.",
    fix="Set `internal: true` for the network. Services that need the internet join a second network.",
    reference="Compose specification, networks, internal",
)
def not_internal(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores on a declared network that is not internal."""
    declared = stack.top.get("networks")
    # A published port needs a network that is not internal.
    if not service.is_datastore or not isinstance(declared, dict) or service.ports:
        return
    for name in _named_networks(service):
        options = declared.get(name, {})
        options = options if isinstance(options, dict) else {}
        if name in declared and options.get("internal") is not True and not options.get("external"):
            yield f"is on the network {name!r}, which is not internal", ("networks", name)


@service_rule(
    "wwee",
    "compose-lint:CL-0008 compose-auditor:NET001",
    id="SLP072",
    title="No service uses the host network",
    reason="The service sees every packet, and reaches every service that listens on the loopback address of the host.",
    fix="Publish the ports that are needed. If the host network is necessary, as for DHCP, add an exception.",
    reference="CIS Docker Benchmark 5.10",
)
def host_network(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `network_mode: host`."""
    if service.text("network_mode") == "host":
        yield "uses the host network", ("network_mode",)


@service_rule(
    "wwww",
    id="SLP073",
    title="No service has ports or networks without effect",
    reason="With `network_mode` `host`, `none` or `service:NAME`, a service publishes no ports of its own and joins no "
    "other network. The file shows the opposite.",
    fix="Remove `ports` and `networks`, or `network_mode`. With `service:NAME`, publish the ports at that service.",
    reference="Compose specification, services, network_mode",
)
def without_effect(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find ports that the network mode ignores, and networks that Compose refuses together with it."""
    mode = service.text("network_mode")
    if mode == "host" or mode == "none" or mode.startswith(("service:", "container:")):
        if service.ports:
            yield f"publishes ports, but network_mode {mode!r} ignores them", ("ports",)
        if service.mapping("networks"):
            yield f"has networks, which Compose refuses together with network_mode {mode!r}", ("networks",)
