"""The TCP ports of all containers of this engine: which are published, at which address, and by whom.

Place in the pipeline: target, read-only, for ``verify``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker

_LABEL_PROJECT = "com.docker.compose.project"
_LABEL_SERVICE = "com.docker.compose.service"
_LABEL_CLASS = "slipway.class"


def find(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the TCP ports of running containers: ``{port, addresses, inside, container, service, stack, edge}``.

    ``port`` is the published one, ``None`` without one. ``inside`` is the port in the container. ``edge`` says whether
    the public is meant to reach it: it belongs to the pod of an edge, of any stack, or to a proxy of the live release.

    :param manifest: that of the live release.
    :raises DockerError: if the engine does not answer.
    """
    proxies = {name for name, spec in manifest["services"].items() if spec.get("own_proxy")}
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in docker.get("/containers/json"):
        for entry in _entries(item, str(manifest["stack"]), proxies):
            known = found.setdefault((entry["port"], entry["inside"], entry["container"]), entry)
            known["addresses"] = sorted({*known["addresses"], *entry["addresses"]})
    return sorted(found.values(), key=lambda entry: (entry["container"], entry["port"] or 0, entry["inside"]))


def _entries(item: Mapping[str, Any], stack: str, proxies: set[str]) -> Iterator[dict[str, Any]]:
    labels = item.get("Labels") or {}
    service, project = labels.get(_LABEL_SERVICE, ""), labels.get(_LABEL_PROJECT, "")
    edge = labels.get(_LABEL_CLASS) == "pod" or (project == stack and service in proxies)
    for port in item.get("Ports") or []:
        if port.get("Type", "tcp") == "tcp":
            yield {
                "port": port.get("PublicPort"),
                "addresses": [str(port.get("IP") or "0.0.0.0")] if port.get("PublicPort") else [],
                "inside": port["PrivatePort"],
                "container": str(item["Names"][0]).lstrip("/"),
                "service": service,
                "stack": project,
                "edge": edge,
            }
