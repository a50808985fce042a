"""The plan: what a deploy does to each service and why, by comparing two releases and the running containers.

Place in the pipeline: target, check. Pure. Compose's own dry run is not used: it does not see changed contents of
mounted files and secrets, and it was seen to replace containers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import proxy_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.own_proxies import needs_reload
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import judge_live, start_reason
from ansible_collections.slipway.stack.plugins.module_utils.release import followers
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    REPLACING,
    RUN_ONCE,
    START_FIRST,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

#: The reason for the replacement of a service in which nothing differs.
RESTART = "restart"
_FILE = re.compile(r".*/files/(?P<address>[0-9a-f]{64}/[^:]+):(?P<target>[^:]+):ro")


def plan(
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    running: Mapping[str, list[Container]],
    edge_changed: bool,
    restart: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return one entry for each service, ``{service, action, downtime, because}``, in the order of the new release.

    ``action`` is ``create``, ``roll`` (without downtime), ``recreate`` (with downtime), ``reload``, ``start``,
    ``remove`` or ``unchanged``. ``because`` lists what differs: names of keys, variables and secrets, never their
    values.

    :param old: the manifest of the live release, ``None`` if there is none.
    :param new: the manifest of the new release.
    :param running: containers by service.
    :param edge_changed: whether the edge's configuration differs.
    :param restart: services that are replaced although nothing differs.
    """
    result: list[dict[str, Any]] = []
    # As after `docker compose down --volumes`: what the one-shots of the live release did may be gone, too.
    expects_some = any(spec["replicas"] for spec in new["services"].values())
    nothing_left = "the stack has no containers" if expects_some and not any(running.values()) else None
    for name, spec in new["services"].items():
        old_spec = old["services"].get(name) if old else None
        existing = running.get(name, [])
        pod = next((entry for entry in result if entry["service"] == spec.get("pod")), None)
        if old_spec is None and not existing:
            result.append(_entry(name, "create", ["new service"]))
            continue
        because = ["new"]
        if old_spec:
            because = differences(old_spec, spec, (old or {}).get("addresses", {}), new["addresses"])
        pod_changes = pod is not None and pod["action"] != "unchanged"
        because = because or [RESTART] * (name in restart) or followers.reasons(spec, result, existing)
        if because or (pod and pod["action"] in REPLACING):
            can_roll = replacement(spec) in (START_FIRST, RUN_ONCE)
            rolls = can_roll and not pod_changes and not _is_other_proxy(old_spec, spec)
            because = because or [f"replacement of {spec['pod']}"]
            result.append(_entry(name, "roll" if rolls else "recreate", because, downtime=not rolls))
        elif reason := start_reason(spec, existing) or (nothing_left if spec["replicas"] else None):
            result.append(_entry(name, "start", [reason]))
        elif pod_changes:
            result.append(_entry(name, "start", [f"{spec['pod']} was started after it"]))
        elif spec["edge"] and edge_changed:
            result.append(_entry(name, "reload", ["proxy configuration"]))
        else:
            result.append(_entry(name, "unchanged", []))
    followers.add_groups(result, new["services"])
    _add_proxy_reloads(result, new["services"])
    known = set(running) | set(old["services"] if old else ())
    result.extend(_entry(name, "remove", ["no longer described"]) for name in sorted(known - set(new["services"])))
    return result


def _is_other_proxy(old_spec: Mapping[str, Any] | None, spec: Mapping[str, Any]) -> bool:
    """Return whether the edge was another proxy before. Two proxies do not share a configuration."""
    return bool(old_spec and old_spec["edge"] and spec["edge"] and proxy_of(old_spec) != proxy_of(spec))


def _add_proxy_reloads(entries: list[dict[str, Any]], services: Mapping[str, Mapping[str, Any]]) -> None:
    """Plan a reload of proxies that resolve names only once, if other services get new containers."""
    replaced = [
        entry["service"]
        for entry in entries
        if entry["action"] in REPLACING
        and not services[entry["service"]]["edge"]
        and replacement(services[entry["service"]]) != RUN_ONCE
    ]
    for entry in entries:
        if entry["action"] == "unchanged" and needs_reload(services[entry["service"]]) and replaced:
            entry.update(action="reload", because=[f"replacement of {', '.join(replaced)}"])


def _entry(service: str, action: str, because: list[str], downtime: bool = False) -> dict[str, Any]:
    return {"service": service, "action": action, "downtime": downtime, "because": because}


def without_new_services(
    interrupted: Transaction | None, running: Mapping[str, list[Container]]
) -> dict[str, list[Container]]:
    """Return containers by service, without those of services that an interrupted rollout deployed for the first time.

    For the next rollout such a service is still new, and its data is not in use.
    """
    return {name: group for name, group in running.items() if interrupted is None or interrupted.old.get(name)}


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], old_addresses: Mapping[str, str], new_addresses: Mapping[str, str]
) -> list[str]:
    """Return the names of all differences between two manifest entries of a service that change its containers."""
    result: list[str] = []
    old_settings, new_settings = _settings(old), _settings(new)
    old_environment, new_environment = old_settings.pop("environment"), new_settings.pop("environment")
    result.extend(changed_keys(old_settings, new_settings))
    if old["pinned"] != new["pinned"] and "image" not in result:
        result.append("image digest")
    for key in sorted(set(old_environment) | set(new_environment)):
        if old_environment.get(key) != new_environment.get(key):
            result.append(f"variable {key}")
    for variable, name in new["secrets"].items():
        if variable in old["secrets"] and old_addresses.get(variable) != new_addresses.get(variable):
            result.append(f"secret {name}")
    return result


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the dotted names of the keys in which two mappings differ."""
    result = []
    for key in sorted(set(old) | set(new)):
        old_value, new_value = old.get(key), new.get(key)
        if isinstance(old_value, Mapping) and isinstance(new_value, Mapping):
            result += [f"{key}.{name}" for name in changed_keys(old_value, new_value)]
        elif old_value != new_value:
            result.append(key)
    return result


def _settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a service for a comparison.

    Mounted files get keys of their own, by their path in the container. The start order is left out: it does not change
    a container.
    """
    settings = {key: value for key, value in spec["settings"].items() if key != "depends_on"}
    settings["volumes"] = [volume for volume in settings.get("volumes", []) if not _FILE.fullmatch(_short(volume))]
    return {**settings, **{f"file {target}": address for target, address in mounted_files(spec).items()}}


def mounted_files(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of the description that a service mounts: ``DIGEST/NAME`` by the path in the container."""
    matches = (_FILE.fullmatch(_short(volume)) for volume in spec["settings"].get("volumes", []))
    return {match["target"]: match["address"] for match in matches if match}


def _short(volume: Any) -> str:
    """Return a mount in Compose's short notation, without options that only the long one can say."""
    if not isinstance(volume, Mapping):
        return str(volume)
    return f"{volume.get('source', '')}:{volume.get('target', '')}{':ro' if volume.get('read_only') else ''}"


def drift(manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> list[dict[str, str]]:
    """Return ``{service, reason}`` for each service that differs from the release or is not part of it."""
    result = []
    for name, spec in manifest["services"].items():
        verdict = judge_live(spec, running.get(name, []))
        if verdict.state != "up":
            result.append({"service": name, "reason": verdict.reason})
    for name in sorted(set(running) - set(manifest["services"])):
        result.append({"service": name, "reason": "is not part of the release"})
    return result
