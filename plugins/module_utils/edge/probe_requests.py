"""What the probes of a release send, and where: through the edge, or to another address of this host.

Place in the pipeline: target, verify, between the manifest and ``probe``.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import endpoint
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, container_exec, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state import maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore


@dataclass(frozen=True)
class Request:
    """A request without its path. ``headers`` and ``body`` may contain secrets, so they are never shown."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Target:
    """An address to send a probe to. ``service`` answers there, if it is known.

    ``release`` must be in the answer. It is ``None`` for an answer of a proxy that is not ours.
    ``tls_name``: the host name for TLS, ``None`` for a request without it. ``network``: the id of a process in whose
    network the connection begins; ``None`` for that of this process.
    """

    host: str
    port: int
    service: str | None
    release: str | None
    tls_name: str | None = None
    network: int | None = None


def request(home: Home, manifest: Mapping[str, Any], probe: Mapping[str, Any]) -> Request:
    """Return the request of a probe of the release, with its secrets.

    :raises DamagedSecret: if its secret file is missing or damaged.
    """
    # Manifests of older versions of this collection have none of these keys.
    found = probe.get("request") or {}
    if "secret" in found:
        found = json.loads(SecretStore(home.path).content(manifest, found["secret"]))
    return Request(probe.get("method") or "GET", found.get("headers") or {}, _body(found.get("body") or {}))


def _body(body: Mapping[str, Any]) -> bytes | None:
    for how, value in body.items():
        text = value if how == "text" else json.dumps(value) if how == "json" else urllib.parse.urlencode(value)
        return str(text).encode()
    return None


def targets(
    home: Home, manifest: Mapping[str, Any], probe: Mapping[str, Any], running: Mapping[str, list[Container]]
) -> Iterator[Target]:
    """Return the addresses to send a probe to: that of the edge, or each that the probe itself names.

    An edge that is closed for maintenance lets those through that come from inside of its own network. An inner edge
    always does.

    :param running: the containers by service.
    :raises LookupError: with a sentence, if the named service has no container with an address of its own.
    """
    address = probe.get("address")
    if address is None:
        edge = endpoint.edge_of(manifest)
        if edge is not None:
            from_inside = endpoint.is_inner(manifest) or maintenance.read(home).value is not None
            yield _of_edge(manifest, edge, running, from_inside)
        return
    service, port = address.get("service"), int(address["port"])
    if service is None:
        yield Target(str(address["host"]), port, None, None)
        return
    live = [one for one in running.get(service, []) if one.state == "running"]
    if any(one.in_swarm for one in live):
        # This host is not on the network of the Swarm. The edge is.
        network = _edge_network(manifest, running)
        if not network:
            raise LookupError(f"service '{service}': runs in the Swarm, and no edge runs here that could ask it")
        for task in sorted({found for one in live for found in all_containers.addresses(one)}):
            yield Target(task, port, service, None, network=network)
        return
    found = [_own_address(one.id) for one in live]
    if not found or None in found:
        raise LookupError(
            f"service '{service}': has no container with an address of its own; give the address of a published port"
        )
    for host in found:
        yield Target(str(host), port, service, None)


def _of_edge(
    manifest: Mapping[str, Any], edge: str, running: Mapping[str, list[Container]], from_inside: bool
) -> Target:
    """Return the address of the edge. :raises LookupError: if no container runs from whose network it can be asked."""
    has_tls = bool(endpoint.tls_of(manifest))
    address = endpoint.tls_address(manifest) if has_tls else endpoint.public_address(manifest)
    found = Target(*address, edge, str(manifest["release"]), endpoint.tls_name(manifest) if has_tls else None)
    if not from_inside:
        return found
    network = _edge_network(manifest, running)
    if not network:
        raise LookupError(f"service '{edge}': answers its own network only, and does not run, so nobody can ask it")
    return replace(found, host=endpoint.LOOPBACK, port=endpoint.inner_ports(manifest)[-1], network=network)


def _edge_network(manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> int:
    """Return the id of a process in the network of the edge, 0 if none runs on this host."""
    names = endpoint.members(manifest)[:1]
    owners = [one for name in names for one in running.get(name, []) if one.state == "running"]
    return container_exec.main_pid(owners[0].id) if owners else 0


def _own_address(container_id: str) -> str | None:
    """Return an address at which this host reaches a container, ``None`` if the container has none of its own."""
    raw = docker.get(f"/containers/{container_id}/json") or {}
    if (raw.get("HostConfig") or {}).get("NetworkMode") == "host":
        return "127.0.0.1"
    networks = (raw.get("NetworkSettings") or {}).get("Networks") or {}
    return next((str(one["IPAddress"]) for one in networks.values() if one.get("IPAddress")), None)
