"""The edge in a manifest: which service it is, which proxy it runs, and which address it publishes.

Place in the pipeline: target, used by everything that handles the edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: The path of the edge's directory in the proxy's container.
MOUNT = "/etc/slipway/edge"
#: Where this host's own requests come from that it sends inside of the edge's network, and nobody else's.
LOOPBACK = "127.0.0.1"


class EdgeError(Exception):
    """The proxy refuses the configuration, or it does not answer with the new release. ``detail`` explains why."""

    detail: tuple[str, ...] = ()


def edge_of(manifest: Mapping[str, Any]) -> str | None:
    """Return the name of the edge service of a release, ``None`` if it has none."""
    return next((name for name, spec in manifest["services"].items() if spec["edge"]), None)


def proxy_of(spec: Mapping[str, Any]) -> str:
    """Return the proxy of an edge, from its entry in the manifest. Old manifests do not name it; it is nginx there."""
    return str(spec.get("proxy") or "nginx")


def members(manifest: Mapping[str, Any]) -> list[str]:
    """Return the services of the edge: its pod, if there is one, then the proxy. Empty without an edge."""
    service = edge_of(manifest)
    pod = manifest["services"][service].get("pod") if service else None
    return [name for name in (pod, service) if name]


def public_address(manifest: Mapping[str, Any]) -> tuple[str, int]:
    """Return the address on this host, and the first port, that the edge or its pod publishes."""
    return _address(_published(manifest)[0])


def tls_of(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``{source, names, port}`` of HTTPS as the controller has written it; empty without HTTPS."""
    found: Mapping[str, Any] = manifest.get("tls") or {}
    return found


def tls_address(manifest: Mapping[str, Any]) -> tuple[str, int]:
    """Return the address on this host, and the port, where the edge or its pod publishes HTTPS.

    :raises EdgeError: if it does not.
    """
    inner = int(tls_of(manifest)["port"])
    for parts in _published(manifest):
        if int(parts[-1]) == inner:
            return _address(parts)
    raise EdgeError(f"service '{edge_of(manifest)}': its port {inner} for HTTPS is not published")


def tls_name(manifest: Mapping[str, Any]) -> str:
    """Return a host name that the edge has a certificate for."""
    return str(tls_of(manifest)["names"][0]).replace("*", "www", 1)


def inner_ports(manifest: Mapping[str, Any]) -> list[int]:
    """Return the ports that the proxy listens on."""
    tls = tls_of(manifest)
    return [int(_published(manifest)[0][-1]), *([int(tls["port"])] if tls else [])]


def inner_edges(manifest: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Return the addresses on other hosts that the edge of a release sends requests to, by host."""
    servers = (server for upstream in manifest.get("upstreams", ()) for server in upstream.get("servers") or ())
    return {str(host): (str(address), int(port)) for host, address, port in servers}


def is_inner(manifest: Mapping[str, Any]) -> bool:
    """Return whether the edge of a release takes requests from edges of other hosts only."""
    service = edge_of(manifest)
    return service is not None and bool(manifest["services"][service].get("inner"))


def _address(published: Sequence[str]) -> tuple[str, int]:
    address = published[0].strip("[]") if len(published) == 3 else "0.0.0.0"
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address), int(published[-2])


def _published(manifest: Mapping[str, Any]) -> list[list[str]]:
    ports = manifest["services"][members(manifest)[0]]["ports"]
    return [str(port).split("/", 1)[0].rsplit(":", 2) for port in ports]
