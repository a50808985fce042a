"""Paths of the host that a service can reach: bind mounts, volumes that are a directory, files of secrets and configs.

Place in the pipeline: check, for the rules about the host. Pure: no path is looked up. A path is compared after its
`.`, `..` and doubled slashes are removed, so that every spelling of a path counts as the same path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..compose_reader.mounts import Mount
from ..compose_reader.source_positions import KeyPath, Map
from .stack import Service, Stack

#: Names of sockets and pipes of container engines, wherever they are. Whoever reaches one is root on the host.
_SOCKET_NAME = re.compile(
    r"(?:docker|dockerd|dockershim|docker-raw|docker\.proxy|podman|containerd|crio|cri-dockerd|buildkitd|balena|balena-engine"
    r"|balenad|nerdctl|k3s-containerd)\.sock(?:\.raw)?|docker_engine(?:_linux|_windows)?|containerd-containerd|podman-machine\S*"
)
#: Sockets of LXD and Incus, whose name says too little.
_LXD_SOCKET = re.compile(r"/(?:var/snap/lxd/common|var/lib)/(?:lxd|incus)(?:/unix\.socket)?")
#: Directories of the host with the socket of an engine.
_SOCKET_DIRECTORY = re.compile(
    r"/|/run|/var/run|/(?:var/)?run/(?:podman|containerd|crio|docker|user/[^/]+|user|k3s|k3s/containerd|buildkit)"
    r"|(?:\$\{XDG_RUNTIME_DIR\}|\$\{HOME\}|~|/home/[^/]+|/root)(?:/\.docker/run|/\.docker/desktop|/\.colima(?:/[^/]+)?|/podman)"
    r"|\$\{XDG_RUNTIME_DIR\}"
)
#: Variables and options that tell a client where the engine is.
_ENGINE_VARIABLES = ("DOCKER_HOST", "CONTAINER_HOST", "DOCKER_SOCKET", "DOCKER_SOCK", "CONTAINERD_ADDRESS")
_ENGINE_OPTION = re.compile(r"--?(?:providers\.docker\.endpoint|docker\.endpoint|docker-host|host|H)[=\s]+(\S+)")


@dataclass(frozen=True)
class HostPath:
    """A path of the host that a container sees. ``target``: where; ``shown``: the path as the file has it."""

    source: str
    target: str
    shown: str
    read_only: bool
    path: KeyPath


def host_paths(service: Service, stack: Stack) -> Iterator[HostPath]:
    """Yield the paths of the host that *service* mounts, however it mounts them."""
    for mount in service.mounts:
        source = _mounted(mount, stack)
        if source:
            yield HostPath(normal(source), normal(mount.target), source, mount.read_only, mount.path)
    for key in ("secrets", "configs"):
        declared = stack.top.get(key)
        for index, entry in enumerate(service.items(key)):
            name = entry.get("source") if isinstance(entry, dict) else None
            options = declared.get(name) if isinstance(declared, dict) and isinstance(name, str) else None
            file = options.get("file") if isinstance(options, dict) else None
            if isinstance(file, str) and isinstance(entry, dict):
                target = str(entry.get("target") or (f"/run/secrets/{name}" if key == "secrets" else f"/{name}"))
                yield HostPath(normal(file), normal(target), file, True, (key, index))


def _mounted(mount: Mount, stack: Stack) -> str | None:
    """Return the source of a bind mount, the directory of a volume that is one, ``None`` for another mount."""
    # What a variable alone mounts is not known; it may be a path.
    if mount.type in ("bind", "npipe") or (mount.source or "").startswith("${"):
        return mount.source
    volumes = stack.top.get("volumes")
    volume = volumes.get(mount.source) if isinstance(volumes, dict) and mount.source else None
    options = volume.get("driver_opts") if isinstance(volume, dict) else None
    if not isinstance(options, (dict, Map)):
        return None
    words = re.split(r"[,\s]+", f"{options.get('o') or ''},{options.get('type') or ''}")
    device = options.get("device") or options.get("mountpoint")
    return str(device) if isinstance(device, str) and {"bind", "rbind"} & set(words) else None


def normal(path: str) -> str:
    """Return *path* without `.`, `..`, doubled slashes and a slash at its end. A path of Windows gets slashes."""
    text = path.replace("\\", "/")
    text = posixpath.normpath(text)
    return re.sub(r"^//+", "/", text)


def is_socket(path: str) -> bool:
    """Return whether a path is the socket of a container engine."""
    return bool(_SOCKET_NAME.fullmatch(path.rpartition("/")[2]) or _LXD_SOCKET.fullmatch(path))


def has_socket(path: str) -> bool:
    """Return whether a directory of the host has the socket of a container engine in it."""
    return bool(_SOCKET_DIRECTORY.fullmatch(path))


def engine_addresses(service: Service) -> Iterator[tuple[str, KeyPath]]:
    """Yield where a service looks for a container engine: the address, and the key that has it."""
    for name in _ENGINE_VARIABLES:
        if service.variables.get(name):
            yield service.variables[name], ("environment", name)
    for match in _ENGINE_OPTION.finditer(service.command):
        if re.match(r"(?:unix|tcp|https?|npipe):/", match[1]):
            yield match[1].strip("\"'"), ("command",)
