"""What a release consists of and who reaches whom, from its manifest; secrets by their names only.

Place in the pipeline: target, read-only, for the report. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of


def services(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the services of a release, in the order of their dependencies.

    Each is ``{name, kind, class, image, replicas, edge, inner, ports, networks, volumes, secrets, needs, elsewhere}``.
    ``needs``: services of this host that it starts after, or sends requests to. ``elsewhere``: ``{service, address,
    port}`` of those on other hosts. The pod of an edge is a part of the edge, which gets its ports and networks.
    """
    entries: Mapping[str, Mapping[str, Any]] = manifest["services"]
    upstreams = manifest.get("upstreams") or []
    return [
        _service(name, spec, entries, upstreams if name == edge_of(manifest) else [])
        for name, spec in entries.items()
        if spec["class"] != "pod"
    ]


def _service(
    name: str,
    spec: Mapping[str, Any],
    entries: Mapping[str, Mapping[str, Any]],
    upstreams: list[Mapping[str, Any]],
) -> dict[str, Any]:
    parts = [spec, *([entries[spec["pod"]]] if spec.get("pod") in entries else [])]
    settings = [part["settings"] for part in parts]
    here = [*spec["depends_on"], *(one["service"] for one in upstreams)]
    return {
        "name": name,
        "kind": spec["kind"],
        "class": spec["class"],
        "image": spec["image"],
        "replicas": spec["replicas"],
        "edge": spec["edge"],
        "inner": bool(spec.get("inner")),
        "ports": [str(port) for part in parts for port in part["ports"]],
        "networks": sorted({str(network) for one in settings for network in one.get("networks") or []}),
        "volumes": sorted({_source(volume) for one in settings for volume in one.get("volumes") or []} - {""}),
        "secrets": sorted(set(spec["secrets"].values())),
        "needs": sorted({other for other in here if other in entries and other != name}),
        "elsewhere": [*_reached(spec), *_behind(upstreams)],
    }


def _source(volume: Any) -> str:
    """Return the name of a named volume; empty for any other mount."""
    if isinstance(volume, Mapping):
        return str(volume.get("source") or "") if volume.get("type", "volume") == "volume" else ""
    source = str(volume).partition(":")[0]
    return source if source[:1].isalnum() else ""


def _reached(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"service": name, "address": str(at[0]), "port": at[1]}
        for name, at in sorted((spec.get("reaches") or {}).items())
    ]


def _behind(upstreams: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return where an edge sends the requests of services on other hosts."""
    return [
        {"service": one["service"], "address": f"{host} ({address})", "port": port}
        for one in upstreams
        for host, address, port in one.get("servers") or []
    ]
