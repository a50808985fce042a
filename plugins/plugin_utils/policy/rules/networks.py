"""Networks: who can reach whom."""

from __future__ import annotations

from collections.abc import Iterator

from ..registry import Problem, service_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, networks"


def _own_networks(service: Service) -> list[str]:
    return [name for name in service.mapping("networks") if name != "default"]


@service_rule(
    "-iww",
    id="SLP070",
    title="A datastore is on a network of its own",
    reason="On the default network every service of the stack reaches the database, the one that was broken into too.",
    fix="Declare a network such as `data: {internal: true}`, and put the datastore and those that need it there.",
    reference=_REFERENCE,
)
def default_network(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores that share the default network with others."""
    default = stack.top.get("networks")
    options = default.get("default") if isinstance(default, dict) else None
    if isinstance(options, dict) and options.get("internal") is True:
        return
    if not service.holds_data or len(stack.services) == 1 or service.text("network_mode"):
        return
    if not _own_networks(service) or "default" in service.mapping("networks"):
        yield "is on the default network, with every other service", ("networks",)


@service_rule(
    "--iw",
    id="SLP071",
    title="The network of the data is internal",
    reason="`internal` keeps the datastore from reaching the internet, which is how data leaves after a break-in.",
    fix="Set `internal: true` on the network; services that need the outside join another one as well.",
    reference="Compose specification, networks, internal",
)
def not_internal(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores on a declared network that leads outside."""
    declared = stack.top.get("networks")
    # A port of the host comes in by a network that is not internal.
    if not service.holds_data or not isinstance(declared, dict) or service.ports:
        return
    for name in _own_networks(service):
        options = declared.get(name, {})
        options = options if isinstance(options, dict) else {}
        if name in declared and options.get("internal") is not True and not options.get("external"):
            yield f"is on the network {name!r}, which leads outside", ("networks", name)


@service_rule(
    "wwee",
    "compose-lint:CL-0008 compose-auditor:NET001",
    id="SLP072",
    title="No service is on the host's network",
    reason="It sees every packet and reaches every service that the host keeps to itself on its loopback address.",
    fix="Publish the ports that are needed. Where it has to be, as for DHCP, except it with the reason.",
    reference="CIS Docker Benchmark 5.10",
)
def host_network(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `network_mode: host`, and the network called host."""
    if service.text("network_mode") == "host":
        yield "is on the host's network", ("network_mode",)


@service_rule(
    "wwww",
    id="SLP073",
    title="Ports and networks are not given where they have no effect",
    reason="With a `network_mode` of its own a service publishes nothing; the reader believes otherwise.",
    fix="Remove `ports`, or the `network_mode`; with `service:NAME` the ports belong to the other service.",
    reference="Compose specification, services, network_mode",
)
def without_effect(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find ports under a network mode that ignores or refuses them, and networks beside one."""
    mode = service.text("network_mode")
    if mode == "host" or mode == "none" or mode.startswith(("service:", "container:")):
        if service.ports:
            yield f"publishes ports, which network_mode {mode!r} ignores", ("ports",)
        if service.mapping("networks"):
            yield f"has networks beside network_mode {mode!r}, which Compose refuses", ("networks",)
