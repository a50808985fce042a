"""The edge as Traefik: what the host adds to its configuration, and how it is tested, reloaded and drained.

Place in the pipeline: target, under ``edge``. Traefik looks names up at each connection that it opens, so it knows a
new container as soon as it is told of it. It answers on loopback, inside its network, what it has loaded.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.slipway.stack.plugins.module_utils.edge import port_sharing
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import (
    MOUNT,
    EdgeError,
    edge_of,
    inner_port,
    members,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import RELEASE_HEADER
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

LOOK_UP_SECONDS = 0.0
_LOAD_SECONDS = 10.0
#: A Traefik that stops drops connections on which nothing was sent yet; this long, whoever connects may take to send.
_SEND_SECONDS = 1.0
_UPSTREAMS = "upstreams.yml"
_ASK = 'wget -q -O - "http://127.0.0.1:$(cat /tmp/port)/api/rawdata"'
_ESTABLISHED = "01"


def host_files(manifest: Mapping[str, Any], targets: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the files that the host adds to a release's configuration, by path. JSON is YAML, too."""
    release = {"headers": {"customResponseHeaders": {RELEASE_HEADER: manifest["release"]}}}
    services = {
        upstream["name"]: {
            "loadBalancer": {
                "serversTransport": upstream["transport"],
                "servers": [{"url": f"http://{name}:{upstream['port']}"} for name in targets[upstream["service"]]],
            }
        }
        for upstream in manifest["upstreams"]
    }
    return {
        "release.yml": _dump({"http": {"middlewares": {"release": release}}}),
        _UPSTREAMS: _dump({"http": {"services": services}}),
    }


def _dump(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1) + "\n"


def test(home: Home, manifest: Mapping[str, Any], names: Sequence[str], running: list[Container]) -> None:
    """Have a passing Traefik load each configuration that was laid down: the release's own image, without a network.

    :raises EdgeError: with Traefik's own complaint.
    """
    for name in names:
        _test(home, manifest, name)


def _test(home: Home, manifest: Mapping[str, Any], name: str) -> None:
    service = str(edge_of(manifest))
    spec = manifest["services"][service]
    settings = spec["settings"]
    rights = ["--network=none", "--read-only", "--tmpfs=/tmp", f"--user={settings['user']}", "--cap-drop=ALL"]
    mounted = f"{home.edge}:{MOUNT}:ro"
    script = ["sh", f"{MOUNT}/versions/{name}/check.sh"]
    once = ["run", "--rm", *rights, f"--volume={mounted}", f"--entrypoint={script[0]}", spec["pinned"], script[1]]
    try:
        docker.run([*once, *settings["command"]], timeout=60)
    except DockerError as error:
        said = [_meaning(line) for line in error.detail] or [str(error)]
        raise EdgeError(f"service '{service}': Traefik refuses the configuration: {'; '.join(said)}") from None


def _meaning(line: str) -> str:
    """Return what one line of Traefik's log says: the error, and whose it is."""
    try:
        record = json.loads(line)
    except ValueError:
        return line.strip()
    whose = [str(record[key]) for key in ("routerName", "middlewareName", "serviceName") if key in record]
    return ": ".join([*whose, str(record.get("error") or record.get("message"))])


def reload(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> None:
    """Have each Traefik read its configuration again, and wait until it says itself that it has.

    :raises EdgeError: when one does not within ten seconds.
    """
    for container in running:
        container_exec.send_sighup(container.id)
    expected = _told(home)
    deadline = time.monotonic() + _LOAD_SECONDS
    for container in running:
        while (found := _loaded(container)) != (manifest["release"], expected):
            if time.monotonic() > deadline:
                raise EdgeError(
                    f"service '{edge_of(manifest)}': {container.name} has not loaded the configuration of release "
                    f"{manifest['release']} but has that of {found[0]}; see docker logs {container.name}"
                )
            time.sleep(0.1)


def _told(home: Home) -> dict[str, list[str]]:
    """Return the addresses of the servers by service, as the live configuration has them."""
    services = json.loads((home.edge / "current" / _UPSTREAMS).read_text(encoding="utf-8"))["http"]["services"]
    return {name: _servers(service) for name, service in services.items()}


def _servers(service: Mapping[str, Any]) -> list[str]:
    return sorted(server["url"] for server in service["loadBalancer"].get("servers") or [])


def _loaded(container: Container) -> tuple[str, dict[str, list[str]]]:
    """Return the release that a Traefik would name, and the servers that it sends requests to, as it says itself."""
    try:
        answer = json.loads(container_exec.execute(container.id, ["sh", "-c", _ASK]))
    except (DockerError, ValueError):
        return "no release", {}
    suffix = "@file"
    services = {
        name[: -len(suffix)]: _servers(service)
        for name, service in (answer.get("services") or {}).items()
        if name.endswith(suffix)
    }
    release = (answer.get("middlewares") or {}).get(f"release{suffix}", {})
    return release.get("headers", {}).get("customResponseHeaders", {}).get(RELEASE_HEADER, "no release"), services


def has_old_connections(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> bool:
    """Return whether there is a connection to a container that gets no requests any more.

    Requests that were sent to it go on, idle connections are given up after two seconds.
    """
    kept = {urlsplit(url).hostname for urls in _told(home).values() for url in urls}
    gone = _addresses(manifest, kept)
    return any(gone & _connected(container_exec.main_pid(container.id)) for container in running)


def _addresses(manifest: Mapping[str, Any], kept: Iterable[str | None]) -> set[str]:
    """Return the addresses of those containers of the stack that are neither the edge nor among *kept*, by name."""
    result = set()
    for container in docker.containers(manifest["stack"]):
        if container.name not in set(kept) and container.service not in members(manifest):
            found = docker.get(f"/containers/{container.id}/json") or {}
            for network in found.get("NetworkSettings", {}).get("Networks", {}).values():
                result |= {network.get("IPAddress"), network.get("GlobalIPv6Address")}
    return {address for address in result if address}


def _connected(pid: int) -> set[str]:
    """Return the addresses that connections are open to, in the network of a process."""
    result = set()
    for table in Path(f"/proc/{pid}/net").glob("tcp*"):
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            _, _, remote, state, *_ = line.split()
            if state == _ESTABLISHED:
                result.add(_address(remote.split(":")[0]))
    return result


def _address(text: str) -> str:
    """Return an address from the kernel's notation: words of 32 bits in the byte order of the machine."""
    words = [int(text[start : start + 8], 16).to_bytes(4, "little") for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def hold_port(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Have the *old* Traefik get all connections: a new one opens the port before it has loaded anything.

    :raises EdgeError: when the kernel does not let us.
    """
    _prefer(manifest, running, old)


def stop_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Have the new Traefik get all connections: when the old one stops it drops those on which nothing was sent yet.

    :raises EdgeError: when the kernel does not let us.
    """
    _prefer(manifest, running, [one for one in running if one not in old])
    time.sleep(_SEND_SECONDS)


def resume_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Have the *old* Traefik get all connections, so that the new one can stop.

    :raises EdgeError: when the kernel does not let us.
    """
    _prefer(manifest, running, old)
    time.sleep(_SEND_SECONDS)


def _prefer(manifest: Mapping[str, Any], running: list[Container], chosen: list[Container]) -> None:
    # The kernel counts the listeners of a port in the order in which they came.
    order = sorted(running, key=lambda container: container.started_at.rstrip("Z"))
    for container in chosen[:1]:
        try:
            port_sharing.prefer(container_exec.main_pid(container.id), inner_port(manifest), order.index(container))
        except OSError as error:
            raise EdgeError(
                f"service '{edge_of(manifest)}': new connections cannot be steered to {container.name}: {error}"
            ) from None
