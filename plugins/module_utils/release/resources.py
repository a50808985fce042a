"""Networks and volumes: a deploy creates missing ones, must not change existing ones, and needs external ones.

Place in the pipeline: target, among the checks before the first change. Pure except for queries to the engine.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import changed_keys

#: Compose's section, the path of the engine's API, and the command that creates one.
_SECTIONS = (("networks", "/networks/", "docker network create"), ("volumes", "/volumes/", "docker volume create"))


def engine_name(name: str, keys: Mapping[str, Any] | None, project: str) -> str:
    """Return the name that a network or volume of a Compose file has in the engine.

    :param keys: Compose's keys of it. :param project: the Compose project, whose name is put in front of other names.
    """
    external = (keys or {}).get("external")
    # Older files have the name below `external`.
    given = (keys or {}).get("name") or (external.get("name") if isinstance(external, Mapping) else None)
    return str(given or (name if external else f"{project}_{name}"))


def folder(source: str, new: Mapping[str, Any]) -> Path | None:
    """Return the directory on this host that a service mounts; ``None`` if it does not exist yet.

    :param source: the name of a volume in the Compose file, or a path of the host.
    :param new: the content of a bundle or a manifest.
    """
    if source.startswith("/"):
        return Path(source) if Path(source).is_dir() else None
    found = volume(source, new)
    return Path(found["Mountpoint"]) if found else None


def volume(source: str, new: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the engine's record of a volume, by its name in the Compose file; ``None`` if it does not exist."""
    name = engine_name(source, (new.get("volumes") or {}).get(source), new["stack"])
    found: dict[str, Any] | None = docker.get(f"/volumes/{urllib.parse.quote(name, safe='')}")
    return found


def missing(new: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each external network and volume that this host does not have. Compose creates the others.

    :param new: the content of a bundle or a manifest. Older manifests have no networks and volumes.
    """
    problems = []
    for section, path, command in _SECTIONS:
        for name, keys in (new.get(section) or {}).items():
            found = engine_name(name, keys, new["stack"])
            if not (keys or {}).get("external"):
                continue
            is_missing = docker.get(path + urllib.parse.quote(found, safe="")) is None
            if is_missing and not (section == "networks" and _is_worker()):
                users = [service for service, spec in new["services"].items() if name in _used(spec, section)]
                problems.append(
                    f"service '{', '.join(users)}': its {section[:-1]} '{name}' is external and this host has no "
                    f"{section[:-1]} {found}; create it with '{command} {found}', or remove 'external' so that the "
                    f"deploy creates it"
                )
    return problems


def _is_worker() -> bool:
    """Return whether this host is a worker of a Swarm. It sees a network only while a container is attached to it."""
    swarm = (docker.get("/info") or {}).get("Swarm") or {}
    return swarm.get("LocalNodeState") == "active" and not swarm.get("ControlAvailable")


def _used(spec: Mapping[str, Any], section: str) -> list[str]:
    """Return the names of networks or volumes that a service uses."""
    entries = spec["settings"].get(section) or []
    return [
        str(one.get("source"))
        if isinstance(one, Mapping)
        else str(one).partition(":")[0]
        if section == "volumes"
        else one
        for one in entries
    ]


def refusals(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], running: Mapping[str, list[Container]]
) -> list[str]:
    """Return a sentence for each network and volume whose definition changes while it is in use.

    If the definition of a network has changed, Compose stops every container in it, data services included, with any
    command. It does not change a volume, or it asks whether the data may be deleted. Before version 2.32 Compose kept
    both unchanged without a message.
    Source: the release notes of Compose 2.32, and docker/compose, pull request 12267.

    :param old: the manifest of the live release. Manifests of older versions of this collection have no networks and
        volumes.
    :param new: the manifest of the new release.
    :param running: containers by service.
    """
    if old is None:
        return []
    problems = []
    for name, changed in _changed(old, new, "networks"):
        attached = [
            service
            for service, spec in old["services"].items()
            if running.get(service) and name in (spec["settings"].get("networks") or ())
        ]
        if attached:
            problems.append(
                f"network '{name}': {changed} changed while containers are attached ({', '.join(attached)}); Compose "
                f"would stop them all; undo that change, or stop the stack ('docker compose down' in its directory "
                f"'current' keeps the volumes) and deploy again"
            )
    for name, changed in _changed(old, new, "volumes"):
        found = engine_name(name, old["volumes"][name], old["stack"])
        if docker.get(f"/volumes/{urllib.parse.quote(found)}") is not None:
            problems.append(
                f"volume '{name}': {changed} changed, but the existing volume {found} cannot be changed; undo that "
                f"change, or mount a volume of another name and copy the data to it first"
            )
    return problems


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], section: str) -> list[tuple[str, str]]:
    """Return the names of the entries of *section* that differ, with the keys that differ."""
    before, after = old.get(section, {}), new[section]
    compared = [(name, changed_keys(before[name], keys)) for name, keys in after.items() if name in before]
    return [(name, ", ".join(keys)) for name, keys in compared if keys]
