"""Which services of a stack its Swarm runs, and what a host gets of the others.

Place in the pipeline: description, after ``connections``, in place of ``placement``. Pure. The Swarm runs what may be
on any node: services without a state of their own. The edge and services with data stay with Compose on the hosts
that ``hosts`` names. All of them join one overlay network, where a service has its name.

Each manager gets the services of the Swarm, too: the first one creates them, each sees them, and the edge is on a
manager, so it knows the tasks that it sends requests to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.node_labels import GROUP_LABEL, HOST_LABEL
from ansible_collections.slipway.stack.plugins.plugin_utils.description import hooks, secret_sources, shared_secrets
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.placement import Placed, Share
from ansible_collections.slipway.stack.plugins.plugin_utils.description.places import Place, hosts_of
from ansible_collections.slipway.stack.plugins.plugin_utils.description.scheduled import Scheduled

#: The network of the Swarm in Compose documents.
NETWORK = "mesh"
#: Classes of services that have no state of their own.
_CLASSES = ("rolling", "drain", "singleton")
#: Compose keys that tie a service to its host, or that Docker has for containers only.
_OF_A_HOST = (
    *("volumes", "ports", "network_mode", "ipc", "pid", "devices", "privileged", "container_name", "volumes_from"),
    *("gpus", "runtime", "cgroup_parent", "userns_mode", "mac_address", *hooks.KEYS),
)


def share(stack: Stack, place: Place) -> Share:
    """Return the share of a host.

    :raises ValueError: for a service that cannot be where it is placed, with service and key.
    """
    scheduled = {name for name, service in stack.services.items() if _reason(stack, service) is None}
    hosts = {
        name: place.managers if name in scheduled else _hosts(stack, service, place)
        for name, service in stack.services.items()
    }
    _check_routes(stack, hosts, scheduled)
    here = {name: service for name, service in stack.services.items() if place.host in hosts[name]}
    services = {
        name: (_in_swarm if name in scheduled else _with_compose)(service, place, hosts, scheduled)
        for name, service in here.items()
    }
    top = {**stack.top, "networks": {**stack.top.get("networks", {}), NETWORK: _network(place)}}
    elsewhere = {name: service for name, service in stack.services.items() if name not in here}
    stages = Placed(stack, place, hosts, {}).stages()
    return Share(
        stack=replace(
            stack,
            services=services,
            secrets=secret_sources.used(services.values(), stack.secrets),
            top=top,
            notes={**stack.notes, **_notes(stack, hosts, scheduled)},
        ),
        elsewhere=elsewhere,
        data={name: hosts[name][0] for name, one in elsewhere.items() if one.service_class == "stateful"},
        shared=shared_secrets.owners(stack, place.hosts, hosts),
        stage=stages[place.host],
        stages=max(stages.values()) + 1,
        address=place.addresses.get(place.host, ""),
    )


def _network(place: Place) -> dict[str, Any]:
    return {"external": True, "name": place.network}


def _reason(stack: Stack, service: Service) -> str | None:
    """Return why the Swarm does not run a service, ``None`` if it does."""
    if service.kind.edge:
        return "it is the edge"
    if service.service_class not in _CLASSES:
        return f"it is {service.service_class}"
    if service.follows or any(service.name in other.follows for other in stack.services.values()):
        return "it shares something with another service"
    keys = {**service.compose, **service.overlay}
    given = {"volumes": service.volumes, "ports": service.ports, **keys}
    found = next((key for key in _OF_A_HOST if given.get(key)), None)
    return f"it has {found}" if found else None


def _hosts(stack: Stack, service: Service, place: Place) -> tuple[str, ...]:
    """Return the hosts of a service that Compose runs."""
    where, reason = f"service {service.name!r}: key 'hosts'", _reason(stack, service)
    if service.kind.edge:
        found = hosts_of(service, place) if service.hosts else place.managers
        others = [host for host in found if host not in place.managers]
        if others:
            raise ValueError(
                f"{where}: the edge is on {', '.join(others)}, which is no manager of the Swarm and does not know "
                f"where the tasks are; name it in swarm_managers, or place the edge on {', '.join(place.managers)}"
            )
        return found
    if service.service_class == "oneshot" and not service.hosts:
        return place.managers[:1]
    found = hosts_of(service, place)
    if len(found) > 1 and (service.service_class == "stateful" or not service.hosts):
        raise ValueError(
            f"{where}: the Swarm does not run it, because {reason}, so name its host; the stack has "
            f"{', '.join(place.hosts)}"
        )
    return found


def _check_routes(stack: Stack, hosts: Mapping[str, tuple[str, ...]], scheduled: set[str]) -> None:
    edge = stack.edge
    for route in edge.routes if edge else ():
        if edge is None or route.to is None or route.to in scheduled:
            continue
        without = [host for host in hosts[edge.name] if host not in hosts[route.to]]
        if without:
            raise ValueError(
                f"service {edge.name!r}: key 'routes': path {route.path!r} goes to {route.to!r}, which the Swarm does "
                f"not run, because {_reason(stack, stack.services[route.to])}, and which is not on "
                f"{', '.join(without)}; place it on each host of the edge"
            )


def _in_swarm(service: Service, place: Place, hosts: Mapping[str, tuple[str, ...]], scheduled: set[str]) -> Service:
    acts = place.host == place.managers[0]
    return replace(
        service,
        networks=(NETWORK,),
        depends_on=tuple(name for name in service.depends_on if name in scheduled),
        compose=_without(service.compose, "depends_on", "networks"),
        overlay=_without(service.overlay, "depends_on", "networks"),
        release=service.release if acts else None,
        release_check=service.release_check if acts else None,
        release_once=False,
        swarm=Scheduled(_constraints(service, place), place.network, acts),
    )


def _with_compose(service: Service, place: Place, hosts: Mapping[str, tuple[str, ...]], scheduled: set[str]) -> Service:
    first = place.host == hosts[service.name][0]
    here = tuple(name for name in service.depends_on if name not in scheduled and place.host in hosts[name])
    dropped = () if here == service.depends_on else ("depends_on",)
    return replace(
        service,
        networks=(*service.networks, NETWORK) if service.networks else service.networks,
        depends_on=here,
        compose=_without(service.compose, *dropped),
        overlay=_without(service.overlay, *dropped),
        release=service.release if first else None,
        release_check=service.release_check if first else None,
        release_once=False,
    )


def _constraints(service: Service, place: Place) -> tuple[str, ...]:
    """Return the constraints for the nodes that a pattern of hosts means. Those of a Swarm know no "or"."""
    if not service.hosts:
        return ()
    found = hosts_of(service, place)
    if service.hosts in place.groups:
        return (f"node.labels.{GROUP_LABEL}{service.hosts} == true",)
    if len(found) == 1:
        return (f"node.labels.{HOST_LABEL} == {found[0]}",)
    return tuple(f"node.labels.{HOST_LABEL} != {host}" for host in place.hosts if host not in found)


def _notes(stack: Stack, hosts: Mapping[str, tuple[str, ...]], scheduled: set[str]) -> dict[str, list[str]]:
    """Return the notes on services that one would expect the Swarm to run."""
    return {
        name: [
            *stack.notes.get(name, ()),
            f"runs with Compose on {', '.join(hosts[name])} and not in the Swarm, because {_reason(stack, service)}",
        ]
        for name, service in stack.services.items()
        if name not in scheduled and service.service_class in _CLASSES and not service.kind.edge
    }


def _without(keys: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if key not in names}
