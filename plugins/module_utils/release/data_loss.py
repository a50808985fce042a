"""Data loss: refuse a plan that would stop a data service, delete files in anonymous volumes, or change networks and
volumes that are in use.

Place in the pipeline: target, between the plan and the first change. ``ship`` checks, and the rollout checks again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.release import initial_values, preflight, resources
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import RESTART
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    START_FIRST,
    STOP_FIRST,
    replaced_services,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


@dataclass(frozen=True)
class Permissions:
    """What a person permits a rollout, each for some data services.

    ``downtime``: to stop them while they are replaced. ``changed_in_data``: to describe another password, which was
    changed in the data, too. ``data_back``: to give them the data back that they had before an upgrade.
    """

    downtime: Collection[str] = ()
    changed_in_data: Collection[str] = ()
    data_back: Collection[str] = ()


def problems(
    home: Home,
    entries: list[dict[str, Any]],
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    running: Mapping[str, list[Container]],
    permitted: Permissions,
) -> list[str]:
    """Return all of :func:`unusable` and :func:`refusals`."""
    return [*unusable(home, new, old, permitted), *refusals(entries, old, new, running, permitted.downtime)]


def refusals(
    entries: list[dict[str, Any]],
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    running: Mapping[str, list[Container]],
    allow_downtime: Collection[str],
) -> list[str]:
    """Return a sentence for each loss that the plan would cause.

    :param entries: the plan.
    :param old: the manifest of the live release, ``None`` if there is none. *new* is that of the new release.
    :param running: containers by service.
    :param allow_downtime: data services that may be down.
    """
    services = new["services"]
    return [
        *_refuse_downtime(entries, services, allow_downtime),
        *_refuse_lost_volumes(entries, services, running),
        *resources.refusals(old, new, running),
    ]


def unusable(home: Home, new: Mapping[str, Any], live: Mapping[str, Any] | None, permitted: Permissions) -> list[str]:
    """Return a sentence for each volume or network on this host that a release cannot use.

    :param new: the manifest of the release. :param live: that of the live one, ``None`` if there is none.
    """
    return [
        *preflight.check_data(new, [*new.get("data_upgrade", []), *permitted.data_back]),
        *resources.missing(new),
        *initial_values.refusals(home, new, live, [*new.get("changed_in_data", []), *permitted.changed_in_data]),
    ]


def warn_about_anonymous_volumes(
    services: Mapping[str, Mapping[str, Any]], actions: Mapping[str, str], journal: Journal
) -> None:
    """Warn about anonymous volumes of services that get their first container. A later deploy would refuse them.

    :param services: the services of the manifest. Their images must be on this host.
    :param actions: the planned action of each service.
    """
    for name, spec in services.items():
        if actions[name] == "create" and replacement(spec, "create") in (START_FIRST, STOP_FIRST):
            paths = docker.declared_volumes(spec["pinned"]) - _mount_points(spec["settings"])
            if paths:
                listed = ", ".join(sorted(paths))
                text = f"data in {listed} is deleted with the container; mount a named volume or a tmpfs there"
                journal.write("prepare", "done", text, name)


def _refuse_downtime(
    entries: list[dict[str, Any]], services: Mapping[str, Mapping[str, Any]], allowed: Collection[str]
) -> list[str]:
    """Return a sentence for each data service that the plan would stop without permission."""
    return [
        f"service '{entry['service']}': it holds data and would be down while it is replaced "
        f"({_why(entry['because'])}); allow this with deploy_allow_downtime: [{entry['service']}]"
        for entry in entries
        if entry["action"] == "recreate"
        and services[entry["service"]]["class"] == "stateful"
        and entry["service"] not in allowed
    ]


def _why(because: list[str]) -> str:
    return ", ".join(because) if because == [RESTART] else f"{', '.join(because)} changed"


def _refuse_lost_volumes(
    entries: list[dict[str, Any]], services: Mapping[str, Mapping[str, Any]], running: Mapping[str, list[Container]]
) -> list[str]:
    """Return a sentence for each anonymous volume with files that the plan would delete with its container.

    If nothing is mounted at a path that the image declares as a volume, the engine mounts an anonymous volume there.
    When Compose replaces a container in place, the new one gets the volume of the old one. A container that is created
    next to the old one gets a new, empty volume.
    """
    actions = {entry["service"]: entry["action"] for entry in entries}
    lost: dict[tuple[str, str], str] = {}
    for name in replaced_services(services, actions, START_FIRST, STOP_FIRST):
        mounts = _mount_points(services[name]["settings"])
        for container in running.get(name, []):
            for path, source in docker.anonymous_volumes(container.id).items():
                if path not in mounts and Path(source).is_dir() and any(Path(source).iterdir()):
                    lost[name, path] = container.name
    return [
        f"service '{name}': the data in {path}, an anonymous volume that its image declares, would be deleted with the "
        f"container; mount a named volume there (key 'volumes') and copy the data first (docker cp {container}:{path} "
        f"DIRECTORY), or mount a tmpfs (compose: {{tmpfs: ['{path}:mode=1777']}}) if the data may be deleted"
        for (name, path), container in lost.items()
    ]


def _mount_points(settings: Mapping[str, Any]) -> set[str]:
    """Return the paths in the container at which a service's definition mounts something."""
    volumes, tmpfs = settings.get("volumes") or [], settings.get("tmpfs") or []
    # Volumes are [SOURCE:]TARGET[:MODE], tmpfs are TARGET[:OPTIONS].
    targets = [
        one["target"] if isinstance(one, Mapping) else one.partition(":")[2].partition(":")[0] or one for one in volumes
    ]
    targets += [one.partition(":")[0] for one in ([tmpfs] if isinstance(tmpfs, str) else tmpfs)]
    return {target.rstrip("/") for target in targets}
