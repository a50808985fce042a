"""What a container uses of another one: its network, IPC or process namespace, its volumes. And whether it still can.

Place in the pipeline: target, under the queries of the engine and the verdict on a service. Pure. A namespace ends with
the start of its container, and the reference is an id: whoever was in it stays in a dead one, and looks healthy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

#: The keys of Compose with which a service joins a namespace of another, and how a sentence names it.
NAMESPACES = {"network_mode": "network", "ipc": "IPC namespace", "pid": "process namespace"}
#: The key with which a service uses the volumes of another.
VOLUMES = "volumes_from"
_FIELDS = {"NetworkMode": "network_mode", "IpcMode": "ipc", "PidMode": "pid"}


@dataclass(frozen=True)
class Shared:
    """What a container uses of another: ``key`` is one of :data:`NAMESPACES` or :data:`VOLUMES`.

    ``name``, ``service``, ``running``, ``started_at``: of the other container. ``name`` is empty if it does not exist.
    """

    key: str
    name: str = ""
    service: str = ""
    running: bool = False
    started_at: str = ""

    @property
    def what(self) -> str:
        """How a sentence names what is used."""
        return NAMESPACES.get(self.key, "volumes")


def read(raw: Mapping[str, Any], find: Callable[[str], Mapping[str, Any] | None], label: str) -> tuple[Shared, ...]:
    """Return what a container uses of others.

    :param raw: the engine's record of the container.
    :param find: returns the engine's record of another container by its id or name, ``None`` if it does not exist.
    :param label: the label that names the service of a container.
    """
    return tuple(_shared(key, find(reference), label) for key, reference in _references(raw.get("HostConfig") or {}))


def _references(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    modes = ((key, str(config.get(field) or "").partition(":")) for field, key in _FIELDS.items())
    volumes = ((VOLUMES, str(entry).partition(":")[0]) for entry in config.get("VolumesFrom") or [])
    return [*((key, reference) for key, (kind, _colon, reference) in modes if kind == "container"), *volumes]


def _shared(key: str, raw: Mapping[str, Any] | None, label: str) -> Shared:
    if raw is None:
        return Shared(key)
    labels, state = raw["Config"].get("Labels") or {}, raw["State"]
    running = state["Status"] == "running"
    return Shared(key, raw["Name"].lstrip("/"), labels.get(label, ""), running, state["StartedAt"])


def left_behind(
    name: str, started_at: str, shared: Collection[Shared], follows: Mapping[str, Collection[str]]
) -> str | None:
    """Return why a container can no longer use what it shares, ``None`` if it can.

    :param name: the name of the container. *started_at*, *shared*: see ``docker.Container``.
    :param follows: from the manifest: the keys by which its service uses others, by the names of these.
    """
    for one in shared:
        uses = f"{name} uses the {one.what} of"
        expected = [service for service, keys in follows.items() if one.key in keys]
        if not one.name:
            return f"{uses} a container that no longer exists"
        if expected and one.service not in expected:
            return f"{uses} {one.name}, which is not a container of service '{expected[0]}'"
        if one.key == VOLUMES:
            continue
        if not one.running:
            return f"{uses} {one.name}, which is not running"
        # Compared without the Z: it sorts after the point of a fraction.
        if one.started_at.rstrip("Z") > started_at.rstrip("Z"):
            return f"{uses} {one.name}, which was started after it"
    return None
