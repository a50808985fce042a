"""The edge in a manifest: which service it is, which proxy it runs, and which address it publishes.

Place in the pipeline: target, used by everything that handles the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The path of the edge's directory in the proxy's container.
MOUNT = "/etc/slipway/edge"


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
    parts = _published(manifest)
    address = parts[0].strip("[]") if len(parts) == 3 else "0.0.0.0"
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address), int(parts[-2])


def inner_port(manifest: Mapping[str, Any]) -> int:
    """Return the port that the proxy listens on."""
    return int(_published(manifest)[-1])


def _published(manifest: Mapping[str, Any]) -> list[str]:
    ports = manifest["services"][members(manifest)[0]]["ports"]
    return str(ports[0]).split("/", 1)[0].rsplit(":", 2)
