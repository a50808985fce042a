"""What the engine of this host is in a Swarm, and what a manager knows of the others.

Place in the pipeline: target, before the plan of the Swarm. Reads only. Join tokens and the unlock key are in some of
the engine's answers; nothing of them is in what these functions return.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.node_labels import HOST_LABEL

_ENCRYPTED = "encrypted"
_MTU = "com.docker.network.driver.mtu"
#: Seconds between two looks at nodes that are not ready yet.
_INTERVAL = 0.5


def read(network: str = "") -> dict[str, Any]:
    """Return what the engine of this host is in a Swarm.

    ``state``: ``inactive``, ``pending``, ``active``, ``error`` or ``locked``. ``cluster``: the id of the Swarm, as far
    as this host knows it. ``nodes``: of a manager, all nodes; see :func:`_node`. ``leaderless``: why a manager does not
    know them. ``autolock``: of a manager, whether its keys are encrypted at rest. ``networks``: those of the name
    *network*.

    :raises DockerError: if the engine does not answer, or is older than 25.
    """
    found = docker.get("/info")
    swarm = found.get("Swarm") or {}
    result: dict[str, Any] = {
        "version": str(found.get("ServerVersion", "")),
        "live_restore": bool(found.get("LiveRestoreEnabled")),
        "state": str(swarm.get("LocalNodeState") or "inactive"),
        "error": str(swarm.get("Error") or ""),
        "node": str(swarm.get("NodeID") or ""),
        "address": str(swarm.get("NodeAddr") or ""),
        "manager": bool(swarm.get("ControlAvailable")),
        "cluster": str((swarm.get("Cluster") or {}).get("ID") or ""),
        "networks": networks(network) if network else [],
        "nodes": [],
        "leaderless": "",
        "autolock": False,
    }
    if result["manager"]:
        try:
            result["nodes"] = nodes()
            spec = (docker.get("/swarm") or {}).get("Spec") or {}
        except DockerError as error:
            return {**result, "leaderless": str(error)}
        result["autolock"] = bool((spec.get("EncryptionConfig") or {}).get("AutoLockManagers"))
        result["cluster"] = result["cluster"] or str((docker.get("/swarm") or {}).get("ID") or "")
    return result


def nodes() -> list[dict[str, Any]]:
    """Return the nodes of the Swarm, by name of the host.

    :raises DockerError: if this host is no manager, or the managers have no majority.
    """
    return sorted(map(_node, docker.get("/nodes") or []), key=lambda node: (node["host"] or node["name"], node["id"]))


def wait_for(ready: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
    """Wait until so many nodes are ready, but no longer than *seconds*."""
    until = clock() + seconds
    while sum(node["state"] == "ready" for node in nodes()) < ready and clock() < until:
        time.sleep(_INTERVAL)


def networks(name: str) -> list[dict[str, Any]]:
    """Return the networks of this name that the engine knows, of any scope.

    A worker knows a network of the Swarm only while a container of its own is attached.
    """
    filters = urllib.parse.quote(json.dumps({"name": [name]}))
    return [_network(one) for one in docker.get(f"/networks?filters={filters}") or [] if one.get("Name") == name]


def _network(raw: dict[str, Any]) -> dict[str, Any]:
    options = raw.get("Options") or {}
    return {
        "driver": str(raw.get("Driver", "")),
        "scope": str(raw.get("Scope", "")),
        "attachable": bool(raw.get("Attachable")),
        "encrypted": _ENCRYPTED in options and str(options[_ENCRYPTED]).lower() != "false",
        "mtu": int(options.get(_MTU) or 0),
        "subnets": [str(one["Subnet"]) for one in (raw.get("IPAM") or {}).get("Config") or [] if one.get("Subnet")],
    }


def _node(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a node as plain values. ``name`` is that of the machine, ``reachability`` is empty for a worker."""
    spec, status = raw.get("Spec") or {}, raw.get("Status") or {}
    description, managing = raw.get("Description") or {}, raw.get("ManagerStatus") or {}
    labels = {str(key): str(value) for key, value in (spec.get("Labels") or {}).items()}
    return {
        "id": str(raw["ID"]),
        "host": labels.get(HOST_LABEL, ""),
        "name": str(description.get("Hostname", "")),
        "role": str(spec.get("Role", "")),
        "availability": str(spec.get("Availability", "")),
        "state": str(status.get("State", "")),
        "address": str(status.get("Addr", "")),
        "leader": bool(managing.get("Leader")),
        "reachability": str(managing.get("Reachability", "")),
        "version": str((description.get("Engine") or {}).get("EngineVersion", "")),
        "labels": labels,
    }
