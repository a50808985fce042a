"""Preflight checks of a host: published ports, free disk space, versions of data. All problems are reported at once.

Place in the pipeline: target, ship, before anything is written.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of, members
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import start_groups
from ansible_collections.slipway.stack.plugins.module_utils.release import resources
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    AT_SWITCH,
    IN_PLACE,
    RUN_ONCE,
    STOP_FIRST,
    replaced_services,
)
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError

#: A position in the rollout: the number of the part and the place in it (see ``_port_positions``).
_Position = tuple[int, int]
_AFTER_ALL: _Position = (9, 0)
#: The text of a file that says the version of data, and its largest size in bytes.
#: MariaDB writes its name after its version.
_VERSION, _MAX_VERSION = r"[0-9]+(\.[0-9]+)*(-MariaDB)?", 64
_PORT = re.compile(r"(?:(?P<address>[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?P<port>\d+):\d+(?:/(?P<protocol>tcp|udp))?")


def check_ports(services: Mapping[str, Mapping[str, Any]], running: Mapping[str, list[Container]]) -> list[str]:
    """Return a sentence for each published port that is not free on this host."""
    own = {container.name for group in running.values() for container in group}
    edge_by_pod = {spec.get("pod"): name for name, spec in services.items()}
    problems = []
    for service, spec in services.items():
        # The pod publishes the ports of the edge. The message names the edge.
        name = edge_by_pod.get(service, service)
        for address, port, protocol in _published(spec):
            error = _bind_error(address, port, protocol)
            if error == errno.EADDRNOTAVAIL:
                problems.append(f"service '{name}': published address {address} is not an address of this host")
            if error != errno.EADDRINUSE:
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
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    running: Mapping[str, list[Container]],
) -> list[str]:
    """Return a sentence for each port that another service of the stack holds and releases too late.

    :param entries: the plan.
    :param old: the manifest of the live release, ``None`` if there is none. *new* is that of the new release.
    :param running: containers by service.
    """
    owners = {container.name: service for service, group in running.items() for container in group}
    edge_by_pod = {spec.get("pod"): name for name, spec in new["services"].items()}
    released, taken = _port_positions({entry["service"]: entry["action"] for entry in entries}, old, new)
    problems = []
    for service, position in taken.items():
        for address, port, protocol in _published(new["services"][service]):
            if _bind_error(address, port, protocol) != errno.EADDRINUSE:
                continue
            holders = {owners.get(holder, service) for holder in docker.containers_publishing(port, address, protocol)}
            for owner in sorted(holders - {service}):
                if released.get(owner, _AFTER_ALL) >= position:
                    problems.append(
                        f"service '{edge_by_pod.get(service, service)}': port {port} of the host belongs to service "
                        f"'{owner}', which releases it too late in this deploy; remove the port from '{owner}' in a "
                        f"separate deploy first"
                    )
    return problems


def _port_positions(
    actions: Mapping[str, str], old: Mapping[str, Any] | None, new: Mapping[str, Any]
) -> tuple[dict[str, _Position], dict[str, _Position]]:
    """Return the positions in the rollout at which services release their old ports and take their new ones.

    The parts are: 0, services replaced in place; 1, the edge; 2, services that stop first; 3, late services replaced in
    place (see ``rollout``). Services without a position for the release keep their ports until the new release is
    verified.
    """
    services = new["services"]
    at_switch = replaced_services(services, actions, AT_SWITCH)
    taken = dict.fromkeys(at_switch, (1, 1))
    for part, late in ((0, False), (3, True)):
        in_place = replaced_services(services, actions, IN_PLACE, RUN_ONCE)
        group = {name: services[name] for name in in_place if bool(services[name].get("late")) == late}
        taken.update({name: (part, place) for place, names in enumerate(start_groups(group)) for name in names})
    stop_first = replaced_services(services, actions, STOP_FIRST)
    taken.update({name: (2, place) for place, name in enumerate(stop_first)})
    released = {name: position for name, position in taken.items() if position != (1, 1)}
    if edge_of(new) in at_switch:
        # ``edge.proxy_replacement.remove_proxies`` removes both edges first.
        edge_services = [*members(new), *(members(old) if old else [])]
        released.update({name: (1, 0) for name in edge_services if actions.get(name) != "unchanged"})
    return released, taken


def _published(spec: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Return address, port and protocol of each published port of a service."""
    matches = (_PORT.fullmatch(str(text)) for text in spec["ports"])
    return [
        ((match["address"] or "0.0.0.0").strip("[]"), int(match["port"]), match["protocol"] or "tcp")
        for match in matches
        if match
    ]


def _bind_error(address: str, port: int, protocol: str) -> int | None:
    """Try to bind a port, and return the error number, ``None`` if it is free."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as listener:
        if protocol == "tcp":
            # As in the engine's own proxy: connections in TIME_WAIT do not count.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            return error.errno
    return None


def check_disk(paths: Mapping[str, str], min_free: int) -> list[str]:
    """Return a sentence for each filesystem with less than *min_free* bytes free.

    :param paths: the paths to check, by what they contain. A path that does not exist stands for its nearest parent.
    """
    problems = []
    seen = set()
    for content, path in paths.items():
        existing = Path(path)
        while not existing.exists():
            existing = existing.parent
        device = os.stat(existing).st_dev
        free = shutil.disk_usage(existing).free
        if device not in seen and free < min_free:
            problems.append(
                f"{content}: {path} has {free // 1024**2} MiB free, at least {min_free // 1024**2} MiB are required "
                f"(stack_min_free)"
            )
        seen.add(device)
    return problems


def check_data(new: Mapping[str, Any], upgraded: Collection[str] = ()) -> list[str]:
    """Return a sentence for each service whose image cannot read the data in its volume or directory.

    :param new: the content of a bundle or a manifest.
    :param upgraded: services whose data the rollout writes anew for the version of the image.
    """
    problems = []
    for name, spec in new["services"].items():
        if name in upgraded:
            continue
        version = spec["data_version"]
        folder = resources.folder(version["volume"], new) if version else None
        if folder is None:
            continue
        try:
            found = _data_versions(folder, version["files"])
        except ForeignFileError as error:
            problems.append(
                f"service '{name}': the version of its data on this host is unknown: {error}; repair the file, or "
                f"restore a backup into a new volume"
            )
            continue
        reads_older = version.get("reads") == "older"
        unread = {one for one in found if _is_newer(one, version["is"])} if reads_older else found - {version["is"]}
        if unread and (reads_older or unread == found):
            advice = (
                "it reads data of its own version and of earlier ones, so keep that version, or restore a backup into "
                "a new volume"
                if reads_older
                else "keep that version, or upgrade the data with playbooks/postgres_upgrade.yml"
            )
            problems.append(
                f"service '{name}': its data on this host is of version {', '.join(sorted(unread))}, "
                f"which {spec['image']} cannot read; {advice}"
            )
    return problems


def _is_newer(data: str, server: str) -> bool:
    """Return whether *data* is of a later version than *server*, as far as that says: 11.8.3 is not later than 11.8."""
    of_data, of_server = ([int(number) for number in one.split(".")] for one in (data, server))
    return of_data[: len(of_server)] > of_server


def _data_versions(root: Path, patterns: list[str]) -> set[str]:
    """Return the versions that the files of a volume say. The container decides what these files are."""
    return {
        foreign_file.read_text(root, path, _MAX_VERSION, _VERSION, "a version number, such as 17").partition("-")[0]
        for pattern in patterns
        for path in foreign_file.find(root, pattern)
    }


def data_root() -> str:
    """Return the directory in which the engine stores images and volumes."""
    info = docker.get("/info")
    return str(info["DockerRootDir"])
