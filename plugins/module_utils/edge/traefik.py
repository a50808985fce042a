"""Traefik as the edge: the host's part of its configuration, its test, its reload, its drain and its port.

Place in the pipeline: target, used by ``configuration``. Traefik resolves a name for each connection that it opens, so
it reaches a new container as soon as the configuration names it. On the loopback address of its network, it answers
which configuration it has loaded.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.slipway.stack.plugins.module_utils.edge import (
    port_sharing,
    traefik_files,
    traefik_loaded,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import (
    MOUNT,
    EdgeError,
    edge_of,
    inner_ports,
    members,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, container_exec, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

NAME_LOOKUP_SECONDS = 0.0
# All are part of what ``proxies`` asks of this module.
host_files, canary_files, door = traefik_files.host_files, traefik_files.canary_files, traefik_files.door
_LOAD_SECONDS = 10.0
#: The time that a client gets to send its request: a Traefik that stops drops connections without one.
_SEND_SECONDS = 1.0
#: Seconds until every client that asks again has been told to use another connection: ``keepAliveMaxTime`` of the kind,
#: and the time between two requests.
_LEAVE_SECONDS = 12.0
_PROC = Path("/proc")
_ESTABLISHED = "01"


def test(home: Home, manifest: Mapping[str, Any], names: Sequence[str], running: list[Container]) -> None:
    """Let a temporary Traefik load each configuration. It has the image of the release and no network.

    :raises EdgeError: with Traefik's own error message.
    """
    for name in names:
        _test_one(home, manifest, name)


def _test_one(home: Home, manifest: Mapping[str, Any], name: str) -> None:
    service = str(edge_of(manifest))
    spec = manifest["services"][service]
    settings = spec["settings"]
    restrictions = ["--network=none", "--read-only", "--tmpfs=/tmp", f"--user={settings['user']}", "--cap-drop=ALL"]
    volume = f"{home.edge}:{MOUNT}:ro"
    script = ["sh", f"{MOUNT}/versions/{name}/check.sh"]
    run = ["run", "--rm", *restrictions, f"--volume={volume}", f"--entrypoint={script[0]}", spec["pinned"], script[1]]
    try:
        restart.run([*run, *settings["command"]], timeout=60)
    except DockerError as error:
        errors = [_log_error(line) for line in error.detail] or [str(error)]
        raise EdgeError(f"service '{service}': Traefik refuses the configuration: {'; '.join(errors)}") from None


def _log_error(line: str) -> str:
    """Return the error in a line of Traefik's log, with the name of its router, middleware or service."""
    try:
        record = json.loads(line)
    except ValueError:
        return line.strip()
    names = [str(record[key]) for key in ("routerName", "middlewareName", "serviceName") if key in record]
    return ": ".join([*names, str(record.get("error") or record.get("message"))])


def reload(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> None:
    """Reload each Traefik, and wait until its API answers with the live configuration.

    :raises EdgeError: if one does not load it within ten seconds.
    """
    for container in running:
        container_exec.send_sighup(container.id)
    expected = traefik_loaded.live(home, str(manifest["release"]))
    deadline = time.monotonic() + _LOAD_SECONDS
    for container in running:
        while (loaded := traefik_loaded.loaded(container)) != expected:
            if time.monotonic() > deadline:
                raise EdgeError(
                    f"service '{edge_of(manifest)}': {container.name} has not loaded the configuration of release "
                    f"{manifest['release']} (loaded: {loaded.release}); see docker logs {container.name}"
                )
            time.sleep(0.1)


def has_old_connections(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> bool:
    """Return whether a connection is open to a container that is no longer in the live configuration.

    Requests that were sent to it continue. Idle connections are closed after two seconds.
    """
    live_names = {urlsplit(url).hostname for urls in traefik_loaded.live(home).servers.values() for url in urls}
    old_addresses = _addresses_without(manifest, live_names)
    return any(old_addresses & _connected_addresses(container_exec.main_pid(container.id)) for container in running)


def _addresses_without(manifest: Mapping[str, Any], names: set[str | None]) -> set[str]:
    """Return the addresses of all containers of the stack, without those of the edge and those with these *names*."""
    return {
        address
        for container in all_containers.find(manifest["stack"])
        if container.name not in names and container.service not in members(manifest)
        for address in all_containers.addresses(container)
    }


def _connected_addresses(pid: int) -> set[str]:
    """Return the remote addresses of open connections in the network of a process."""
    result = set()
    for _local, remote in _connections(pid):
        result.add(_parse_address(remote.split(":")[0]))
    return result


def _connections(pid: int) -> Iterator[tuple[str, str]]:
    """Yield both ends of each open connection in the network of a process, in the kernel's notation."""
    for table in (_PROC / str(pid) / "net").glob("tcp*"):
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            local, remote, state = line.split()[1:4]
            if state == _ESTABLISHED:
                yield local, remote


def _parse_address(text: str) -> str:
    """Return an address from the kernel's notation: 32-bit words in the byte order of the machine."""
    words = [int(text[start : start + 8], 16).to_bytes(4, "little") for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def hold_port(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Send all connections to the *old* Traefik: a new one opens the port before it has loaded its configuration.

    :raises EdgeError: if the kernel refuses.
    """
    _prefer(manifest, running, old)


def stop_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Send all connections to the new Traefik, and wait until clients have left the old one.

    When it stops, it drops connections without a request, also those on which one is under way.

    :raises EdgeError: if the kernel refuses.
    """
    _prefer(manifest, running, [one for one in running if one not in old])
    _wait_until_left(old)


def resume_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Send all connections to the *old* Traefik, so that the new one can stop.

    :raises EdgeError: if the kernel refuses.
    """
    _prefer(manifest, running, old)
    _wait_until_left([one for one in running if one not in old])


def _wait_until_left(leaving: list[Container]) -> None:
    """Wait until no client has a connection to these, or those that have one do not ask."""
    time.sleep(_SEND_SECONDS)
    deadline = time.monotonic() + _LEAVE_SECONDS
    while any(map(_has_clients, leaving)) and time.monotonic() < deadline:
        time.sleep(0.2)


def _has_clients(container: Container) -> bool:
    """Return whether a client is connected to the ports on which this Traefik reads requests (``start.sh``)."""
    pid = container_exec.main_pid(container.id)
    try:
        port = int((_PROC / str(pid) / "root/tmp/port").read_text(encoding="ascii"))
        inner = {port + 1000, port + 2000}
        return any(int(local.rpartition(":")[2], 16) in inner for local, _remote in _connections(pid))
    except (OSError, ValueError):
        # It has ended, or has not begun.
        return False


def _prefer(manifest: Mapping[str, Any], running: list[Container], preferred: list[Container]) -> None:
    """Send all connections to the first of the *preferred* containers."""
    # The kernel numbers the listeners of a port in the order in which they started to listen.
    order = sorted(running, key=lambda container: container.started_at.rstrip("Z"))
    for container in preferred[:1]:
        try:
            for port in inner_ports(manifest):
                port_sharing.prefer(container_exec.main_pid(container.id), port, order.index(container))
        except OSError as error:
            raise EdgeError(
                f"service '{edge_of(manifest)}': new connections cannot be directed to {container.name}: {error}"
            ) from None
