"""Which services run on which hosts, and how a service reaches another one on another host.

Place in the pipeline: description, after ``connections``. Pure. The stack is described and checked as a whole. Then
each host gets its share of it, as a stack of its own. Names and ports stay the same everywhere: a service that others
need from elsewhere is published on the private address of its host, and to those others its name means this address.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed
from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    inner_edge,
    published_ports,
    secret_sources,
    shared_secrets,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import InnerEdge, Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.places import (
    Place,
    hosts_of_services,
    private_address,
)


@dataclass(frozen=True)
class Share:
    """The share of a host.

    ``elsewhere``: the services that it does not have, by name. ``data``: the host of each data service among them.
    ``shared``: which host generates each secret that services of several hosts read. ``stage``: how many others a
    rollout begins on before this host, at least; they have what it needs. ``stages``: how many stages there are.
    ``address``: the private one of the host.
    """

    stack: Stack
    elsewhere: Mapping[str, Service] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    stage: int = 0
    stages: int = 1
    address: str = ""

    @property
    def edge_is_elsewhere(self) -> bool:
        """Whether other hosts have the edge of the stack, and this one has none."""
        return any(service.kind.edge for service in self.elsewhere.values())


def share(stack: Stack, place: Place, inner: Stack | None = None) -> Share:
    """Return the share of a host: the whole stack if no service names hosts.

    :param inner: the stack as :func:`inner_edge.written` describes it, if the host has an inner edge.
    :raises ValueError: for hosts that do not exist, or a service that cannot reach what it needs, with service and key.
    """
    if not any(service.hosts for service in stack.services.values()):
        return Share(stack)
    hosts = hosts_of_services(stack, place)
    here = {name: service for name, service in stack.services.items() if place.host in hosts[name]}
    if not here:
        raise ValueError(
            f"host {place.host!r} gets no service of the stack; place one on it with the key 'hosts', or take the "
            "host out of the group"
        )
    placed = Placed(stack, place, hosts, inner_edge.doors(stack, place, inner_edge.hosts_elsewhere(stack, hosts)))
    edge = replace(inner.edge, is_inner=True) if inner and inner.edge else None
    services = {
        name: placed.service(edge if edge and name == edge.name else service)
        for name, service in stack.services.items()
        if name in here or (edge and name == edge.name)
    }
    # On this host some ports are published that the description as a whole does not have.
    published_ports.check(services)
    result = replace(stack, services=services, secrets=secret_sources.used(services.values(), stack.secrets))
    stages = placed.stages()
    elsewhere = {name: service for name, service in stack.services.items() if name not in here}
    return Share(
        stack=result,
        elsewhere=elsewhere,
        data={
            name: hosts[name][0]
            for name, service in elsewhere.items()
            if service.service_class == "stateful" and len(hosts[name]) == 1
        },
        shared=shared_secrets.owners(stack, place.hosts, hosts),
        stage=stages[place.host],
        stages=max(stages.values()) + 1,
        address=place.addresses.get(place.host, ""),
    )


def own_probes(found: Share, given: object) -> object:
    """Return those of the probes that this host can send: to its edge, or to an address that it has.

    :param given: ``stack_probes`` as written.
    """
    if not isinstance(given, list):
        return given
    return [one for one in given if not _is_for_another(one, found)]


def _is_for_another(probe: object, found: Share) -> bool:
    address = probe.get("address") if isinstance(probe, Mapping) else ""
    if address is None:
        return found.edge_is_elsewhere
    name = str(address).rpartition(":")[0]
    service = found.stack.services.get(name)
    # Only the edge is on the network of the Swarm.
    return name in found.elsewhere or bool(service and service.swarm and not found.stack.edge)


@dataclass(frozen=True)
class Placed:
    """A stack whose services have their ``hosts``, as one of them sees it."""

    stack: Stack
    place: Place
    hosts: Mapping[str, tuple[str, ...]]
    doors: Mapping[str, tuple[InnerEdge, ...]]

    def service(self, service: Service) -> Service:
        """Return a service of this host with what it needs of other hosts, and with what these need of it."""
        self._check_company(service)
        routed = {route.to for route in service.routes if route.to in self.doors}
        away = [name for name in service.depends_on if self._is_away(name)]
        providers = {name: self._provider(service, name) for name in away if name not in routed}
        reaches = {
            name: (self._address(service, host), self.stack.services[name].port or 0)
            for name, host in providers.items()
        }
        names = [f"{name}={address}" for name, (address, _port) in reaches.items()]
        release_here = self.place.host == self.hosts[service.name][0] or not self._releases_once(service)
        return replace(
            service,
            depends_on=tuple(name for name in service.depends_on if name not in away),
            compose=_with_names(_without_dependencies(service.compose, away), names),
            overlay=_without_dependencies(service.overlay, away),
            ports=(*service.ports, *self._private_port(service)),
            reaches=reaches,
            release=service.release if release_here else None,
            release_check=service.release_check if release_here else None,
            release_once=False,
            routes=service.routes if service.is_inner else tuple(map(self._route, service.routes)),
        )

    def _route(self, route: Route) -> Route:
        """Return a route, through the inner edges of other hosts if these have its service."""
        through = self.doors.get(str(route.to), ())
        # They remove the prefix, and say so to the service.
        return replace(route, through=through, strip_prefix=False) if through else route

    def stages(self) -> dict[str, int]:
        """Return the stage of each host: later than that of the hosts that have what it needs.

        Hosts that need each other are in one stage.
        """
        needed = {host: self._needed_hosts(host) for host in self.place.hosts}
        stages = dict.fromkeys(self.place.hosts, 0)
        # The longest way without a circle is shorter than the number of hosts.
        for _round in self.place.hosts:
            for host, others in needed.items():
                later = [stages[other] + 1 for other in others if host not in _reached(other, needed)]
                stages[host] = max([stages[host], *later])
        return stages

    def _needed_hosts(self, host: str) -> set[str]:
        """Return the other hosts that have what services of a host need."""
        here = [name for name, hosts in self.hosts.items() if host in hosts]
        needed = {name for one in here for name in self.stack.services[one].depends_on if host not in self.hosts[name]}
        return {
            other for name in needed for other in (self.hosts[name] if name in self.doors else self.hosts[name][:1])
        }

    def _is_away(self, name: str) -> bool:
        return self.place.host not in self.hosts[name]

    def _check_company(self, service: Service) -> None:
        """Check that what a service shares a namespace or requests with is on this host, too."""
        for other, keys in service.follows.items():
            if self._is_away(other):
                raise ValueError(
                    f"service {service.name!r}: key {keys[0]!r}: {other!r} is not on {self.place.host}; place both on "
                    "the same hosts"
                )

    def _provider(self, service: Service, name: str) -> str:
        """Return the host of a service that is needed from elsewhere."""
        other, where = self.stack.services[name], f"service {service.name!r}: key 'needs': {name!r}"
        if other.service_class != "stateful":
            raise ValueError(
                f"{where} is not on {self.place.host}; only a stateful service, which has one container at a time, can "
                f"be needed from another host, and this one is {other.service_class}; place both on the same hosts"
            )
        if len(self.hosts[name]) > 1:
            raise ValueError(
                f"{where} is on {', '.join(self.hosts[name])}, and not on {self.place.host}; a service that is needed "
                "from another host is on one host"
            )
        if other.port is None:
            raise ValueError(f"{where} is on another host and has no port; set its 'port'")
        return self.hosts[name][0]

    def _address(self, service: Service, host: str) -> str:
        return private_address(self.place, host, f"service {service.name!r} needs a service of host {host!r}")

    def _private_port(self, service: Service) -> list[str]:
        """Return the published port for the other hosts that need a service."""
        others = [
            other
            for other in self.stack.services.values()
            if service.name in other.depends_on
            and not set(self.hosts[other.name]) <= set(self.hosts[service.name])
            # The edge asks the inner one.
            and not (other.kind.edge and service.name in self.doors)
        ]
        if not others or service.port is None:
            return []
        address = self._address(others[0], self.place.host)
        published = f"{bracketed(address)}:{service.port}:{service.port}"
        return [] if published in service.ports else [published]

    def _releases_once(self, service: Service) -> bool:
        """Return whether the release job runs on one of the hosts of a service only: if all have one database."""
        if service.release_once:
            return True
        return any(
            self.stack.services[name].service_class == "stateful" and len(self.hosts[name]) == 1
            for name in service.depends_on
        )


def _reached(host: str, needed: Mapping[str, set[str]]) -> set[str]:
    """Return the hosts that a host needs, and those that these need."""
    found: set[str] = set()
    waiting = [host]
    while waiting:
        for other in needed[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


def _without_dependencies(compose: Mapping[str, Any], away: Collection[str]) -> Mapping[str, Any]:
    """Return Compose keys of a service without dependencies on services of other hosts."""
    given = compose.get("depends_on")
    if not isinstance(given, Mapping) or not set(given) & set(away):
        return compose
    return {**compose, "depends_on": {name: value for name, value in given.items() if name not in away}}


def _with_names(compose: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    """Return Compose keys of a service with further names of hosts; those of the description take precedence."""
    if not names:
        return compose
    given = compose.get("extra_hosts") or []
    written = [f"{name}={address}" for name, address in given.items()] if isinstance(given, Mapping) else list(given)
    known = {str(entry).replace("=", ":", 1).partition(":")[0] for entry in written}
    return {**compose, "extra_hosts": [*written, *(name for name in names if name.partition("=")[0] not in known)]}
