"""What a manifest says of its edge: which service it is, which proxy, and where it answers.

Place in the pipeline: target, under everything that has to do with the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Where the edge's directory is in the container of the proxy.
MOUNT = "/etc/slipway/edge"


class EdgeError(Exception):
    """The proxy refuses the configuration, or does not answer with the new release. ``detail``: lines that show why."""

    detail: tuple[str, ...] = ()


def edge_of(manifest: Mapping[str, Any]) -> str | None:
    """Return the name of the edge service of a release, ``None`` where it has none."""
    return next((name for name, spec in manifest["services"].items() if spec["edge"]), None)


def proxy_of(spec: Mapping[str, Any]) -> str:
    """Return which proxy an edge is, by its entry in the manifest; those of before there was a choice are nginx."""
    return str(spec.get("proxy") or "nginx")


def members(manifest: Mapping[str, Any]) -> list[str]:
    """Return the edge of a release and, before it, the pod whose network it is in; none where there is no edge."""
    service = edge_of(manifest)
    pod = manifest["services"][service].get("pod") if service else None
    return [name for name in (pod, service) if name]


def public_address(manifest: Mapping[str, Any]) -> tuple[str, int]:
    """Return an address of this host and the first port that the edge, or its pod, publishes there."""
    parts = _published(manifest)
    address = parts[0].strip("[]") if len(parts) == 3 else "0.0.0.0"
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address), int(parts[-2])


def inner_port(manifest: Mapping[str, Any]) -> int:
    """Return the port that the proxy listens on."""
    return int(_published(manifest)[-1])


def _published(manifest: Mapping[str, Any]) -> list[str]:
    ports = manifest["services"][members(manifest)[0]]["ports"]
    return str(ports[0]).split("/")[0].rsplit(":", 2)
