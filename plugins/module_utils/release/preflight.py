"""What must be true of a host before a deploy may change it. All of it is looked at, and all failures are told at once.

Place in the pipeline: target, ship, before anything is written.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of, members
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import start_groups
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    AT_SWITCH,
    IN_PLACE,
    REPLACING,
    RUN_ONCE,
    STOP_FIRST,
    replacement,
)

#: The moment after all others of a rollout (see ``_moments``).
_LAST = (9, 0)
_PORT = re.compile(r"(?:(?P<address>[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?P<port>\d+):\d+(?:/(?P<protocol>tcp|udp))?")


def check_ports(services: Mapping[str, Mapping[str, Any]], running: Mapping[str, list[Container]]) -> list[str]:
    """Return a sentence for each published port that this host cannot give."""
    own = {container.name for group in running.values() for container in group}
    edges = {spec.get("pod"): name for name, spec in services.items()}
    problems = []
    for service, spec in services.items():
        # A pod has the ports that the description gives to the edge.
        name = edges.get(service, service)
        for address, port, protocol in _published(spec):
            reason = _bind_error(address, port, protocol)
            if reason == errno.EADDRNOTAVAIL:
                problems.append(f"service '{name}': published address {address} is not one of this host's")
            if reason != errno.EADDRINUSE:
                continue
            holders = docker.containers_publishing(port, address, protocol)
            others = [holder for holder in holders if holder not in own]
            if others or not holders:
                taken_by = f"the container {others[0]}" if others else "another process"
                problems.append(
                    f"service '{name}': port {port} of the host is taken by {taken_by}; "
                    f"stop it, or publish another port"
                )
    return problems


def check_moved_ports(
    entries: list[dict[str, Any]],
    leaving: Mapping[str, Any] | None,
    coming: Mapping[str, Any],
    running: Mapping[str, list[Container]],
) -> list[str]:
    """Return a sentence for each port that another service of the stack has, and lets go of too late.

    :param entries: the plan.
    :param leaving: the live release's manifest, *coming*: that of the one to come.
    """
    owners = {container.name: service for service, group in running.items() for container in group}
    edges = {spec.get("pod"): name for name, spec in coming["services"].items()}
    lets_go, takes = _moments({entry["service"]: entry["action"] for entry in entries}, leaving, coming)
    problems = []
    for service, moment in takes.items():
        for address, port, protocol in _published(coming["services"][service]):
            if _bind_error(address, port, protocol) != errno.EADDRINUSE:
                continue
            there = {owners.get(holder, service) for holder in docker.containers_publishing(port, address, protocol)}
            for owner in sorted(there - {service}):
                if lets_go.get(owner, _LAST) >= moment:
                    problems.append(
                        f"service '{edges.get(service, service)}': port {port} of the host is that of service "
                        f"'{owner}', which lets go of it too late in this deploy; take it away from '{owner}' in a "
                        f"deploy of its own first"
                    )
    return problems


def _moments(
    actions: Mapping[str, str], leaving: Mapping[str, Any] | None, coming: Mapping[str, Any]
) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """Return when services let go of the ports that they had, and when they take those that they get.

    A moment is a part of the rollout (see ``rollout``) and a place in it. What is not among the first keeps its ports
    until the new release is proven.
    """
    services = coming["services"]
    manners = {
        name: replacement(spec, actions[name])
        for name, spec in services.items()
        if actions[name] in (*REPLACING, "start")
    }
    takes = {name: (1, 1) for name, how in manners.items() if how == AT_SWITCH}
    for part, late in ((0, False), (3, True)):
        in_place = {name: services[name] for name, how in manners.items() if how in (IN_PLACE, RUN_ONCE)}
        group = {name: spec for name, spec in in_place.items() if bool(spec.get("late")) == late}
        takes.update({name: (part, place) for place, names in enumerate(start_groups(group)) for name in names})
    instead = [name for name, how in manners.items() if how == STOP_FIRST]
    takes.update({name: (2, place) for place, name in enumerate(instead)})
    lets_go = {name: moment for name, moment in takes.items() if moment != (1, 1)}
    if manners.get(str(edge_of(coming))) == AT_SWITCH:
        # As ``edge.make_way`` does it.
        both = [*members(coming), *(members(leaving) if leaving else [])]
        lets_go.update({name: (1, 0) for name in both if actions.get(name) != "unchanged"})
    return lets_go, takes


def _published(spec: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Return address, port and protocol of each port of the host that a service publishes."""
    matches = (_PORT.fullmatch(str(text)) for text in spec["ports"])
    return [
        ((match["address"] or "0.0.0.0").strip("[]"), int(match["port"]), match["protocol"] or "tcp")
        for match in matches
        if match
    ]


def _bind_error(address: str, port: int, protocol: str) -> int | None:
    """Return the error number of an attempt to listen there, ``None`` where it works."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as listener:
        if protocol == "tcp":
            # As the engine's own proxy does: connections that are only waiting to be forgotten do not count.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            return error.errno
    return None


def check_disk(paths: Mapping[str, str], min_free: int) -> list[str]:
    """Return a sentence for each of *paths* (by what it holds) whose filesystem has less than *min_free* bytes free."""
    problems = []
    seen = set()
    for what, path in paths.items():
        existing = Path(path)
        while not existing.exists():
            existing = existing.parent
        device = os.stat(existing).st_dev
        free = shutil.disk_usage(existing).free
        if device not in seen and free < min_free:
            problems.append(
                f"{what}: {path} has {free // 1024**2} MiB free, at least {min_free // 1024**2} MiB are wanted "
                f"(stack_min_free)"
            )
        seen.add(device)
    return problems


def check_data(services: Mapping[str, Mapping[str, Any]], project: str) -> list[str]:
    """Return a sentence for each service whose image cannot read the data that its volume has."""
    problems = []
    for name, spec in services.items():
        wanted = spec["data_version"]
        volume = docker.get(f"/volumes/{project}_{wanted['volume']}") if wanted else None
        if volume is None:
            continue
        root = Path(volume["Mountpoint"])
        there = {path.read_text().strip() for pattern in wanted["files"] for path in root.glob(pattern)}
        if there and wanted["is"] not in there:
            problems.append(
                f"service '{name}': key 'version': its data on this host is of version {', '.join(sorted(there))}, "
                f"which {spec['image']} cannot read; "
                "keep that version, or dump the data and restore it into a new volume"
            )
    return problems


def data_root() -> str:
    """Return the directory in which the engine keeps images and volumes."""
    info = docker.get("/info")
    return str(info["DockerRootDir"])
