"""What a plan would lose that is not to be lost: the time of services that hold data, files outside of any volume, and
the networks that all are in.

Place in the pipeline: target, between the plan and the first change; ``ship`` asks, and the rollout again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.release import resources
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    REPLACING,
    START_FIRST,
    STOP_FIRST,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal


def refusals(
    entries: list[dict[str, Any]],
    live: Mapping[str, Any] | None,
    coming: Mapping[str, Any],
    running: Mapping[str, list[Container]],
    allow_downtime: Collection[str],
) -> list[str]:
    """Return a sentence for each thing that is not to be lost, and would be by the plan.

    :param entries: the plan.
    :param live: the live release's manifest, ``None`` where there is none; *coming*: that of the one to come.
    :param running: containers by service.
    :param allow_downtime: data services that may be down.
    """
    services = coming["services"]
    return [
        *_downtime(entries, services, allow_downtime),
        *_nameless(entries, services, running),
        *resources.refusals(live, coming, running),
    ]


def warn_about_anonymous_volumes(
    services: Mapping[str, Mapping[str, Any]], actions: Mapping[str, str], journal: Journal
) -> None:
    """Say of each service that gets its first container what will be lost with it; a later deploy would refuse.

    :param services: the entries of the manifest, whose images are on this host.
    :param actions: what is planned, by service.
    """
    for name, spec in services.items():
        if actions[name] == "create" and replacement(spec, "create") in (START_FIRST, STOP_FIRST):
            paths = docker.declared_volumes(spec["pinned"]) - _mount_points(spec["settings"])
            if paths:
                kept = ", ".join(sorted(paths))
                words = f"what it keeps in {kept} goes with its container; mount a named volume there, or a tmpfs"
                journal.write("prepare", "done", words, name)


def _downtime(
    entries: list[dict[str, Any]], services: Mapping[str, Mapping[str, Any]], allowed: Collection[str]
) -> list[str]:
    """Return a sentence for each data service that the plan would stop and that nobody allowed to be stopped."""
    return [
        f"service '{entry['service']}': it holds data, and would be down while it is replaced "
        f"({', '.join(entry['because'])} changed); allow that with deploy_allow_downtime: [{entry['service']}]"
        for entry in entries
        if entry["action"] == "recreate"
        and services[entry["service"]]["class"] == "stateful"
        and entry["service"] not in allowed
    ]


def _nameless(
    entries: list[dict[str, Any]], services: Mapping[str, Mapping[str, Any]], running: Mapping[str, list[Container]]
) -> list[str]:
    """Return a sentence for each place where a service keeps files that the plan would lose with its container.

    Where nothing is mounted at a path that the image declares as a volume, the engine mounts one without a name.
    Compose hands it on to the container that takes the other's place; one that is made beside the other gets its own.
    """
    found: dict[tuple[str, str], str] = {}
    for entry in entries:
        name, action = entry["service"], entry["action"]
        replaced = name in services and action in (*REPLACING, "start")
        if not replaced or replacement(services[name], action) not in (START_FIRST, STOP_FIRST):
            continue
        mounts = _mount_points(services[name]["settings"])
        for container in running.get(name, []):
            for path, source in docker.anonymous_volumes(container.id).items():
                if path not in mounts and Path(source).is_dir() and any(Path(source).iterdir()):
                    found[name, path] = container.name
    return [
        f"service '{name}': what it keeps in {path}, a volume that its image declares and that has no name, would be "
        f"gone with its container; mount a named volume there (key 'volumes'), and first copy what it is to have "
        f"(docker cp {holder}:{path} DIRECTORY), or a tmpfs (compose: {{tmpfs: ['{path}:mode=1777']}}) where it may go"
        for (name, path), holder in found.items()
    ]


def _mount_points(settings: Mapping[str, Any]) -> set[str]:
    """Return the paths in the container at which a service's definition mounts something."""
    volumes, memory = settings.get("volumes") or [], settings.get("tmpfs") or []
    # [SOURCE:]TARGET[:MODE], and of memory TARGET[:OPTIONS].
    targets = [
        one["target"] if isinstance(one, Mapping) else one.partition(":")[2].partition(":")[0] or one for one in volumes
    ]
    targets += [one.partition(":")[0] for one in ([memory] if isinstance(memory, str) else memory)]
    return {target.rstrip("/") for target in targets}
