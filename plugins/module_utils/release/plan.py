"""What a deploy would do to each service, and why: a comparison of two releases and of what runs.

Place in the pipeline: target, check. Pure. Compose's own dry run is not asked: it knows nothing of changed contents of
mounted files and secrets, and was seen to replace containers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import proxy_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.own_proxies import needs_reload
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import judge
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    REPLACING,
    RUN_ONCE,
    START_FIRST,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

_FILE = re.compile(r".*/files/(?P<address>[0-9a-f]{64}/[^:]+):(?P<target>[^:]+):ro")


def plan(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], running: Mapping[str, list[Container]], edge_changed: bool
) -> list[dict[str, Any]]:
    """Return one entry for each service, ``{service, action, downtime, because}``, in the order of the new release.

    ``action`` is ``create``, ``roll`` (without a gap), ``recreate`` (with one), ``reload``, ``start``, ``remove`` or
    ``unchanged``; ``because`` is a list of what differs: names of keys, variables and secrets, never their values.

    :param old: the live release's manifest, ``None`` where there is none.
    :param new: the manifest of the release to come.
    :param running: containers by service.
    :param edge_changed: whether the edge's configuration differs.
    """
    result: list[dict[str, Any]] = []
    for name, spec in new["services"].items():
        before = old["services"].get(name) if old else None
        there = running.get(name, [])
        pod = next((entry for entry in result if entry["service"] == spec.get("pod")), None)
        if before is None and not there:
            result.append(_entry(name, "create", ["new service"]))
            continue
        because = differences(before, spec, (old or {}).get("addresses", {}), new["addresses"]) if before else ["new"]
        verdict = judge(spec, there)
        moved = pod is not None and pod["action"] != "unchanged"
        if because or (pod and pod["action"] in REPLACING):
            seamless = replacement(spec) in (START_FIRST, RUN_ONCE) and not moved and not _another_proxy(before, spec)
            because = because or [f"replacement of {spec['pod']}"]
            result.append(_entry(name, "roll" if seamless else "recreate", because, downtime=not seamless))
        elif verdict.state != "up":
            result.append(_entry(name, "start", [verdict.reason]))
        elif moved or _left_behind(there, running.get(spec.get("pod") or "", [])):
            result.append(_entry(name, "start", [f"{spec['pod']} was started after it"]))
        elif spec["edge"] and edge_changed:
            result.append(_entry(name, "reload", ["proxy configuration"]))
        else:
            result.append(_entry(name, "unchanged", []))
    _tell_proxies(result, new["services"])
    gone = set(running) | set(old["services"] if old else ())
    result.extend(_entry(name, "remove", ["no longer described"]) for name in sorted(gone - set(new["services"])))
    return result


def _another_proxy(before: Mapping[str, Any] | None, spec: Mapping[str, Any]) -> bool:
    """Return whether the edge was another proxy before: the two have no configuration in common."""
    return bool(before and before["edge"] and spec["edge"] and proxy_of(before) != proxy_of(spec))


def _tell_proxies(entries: list[dict[str, Any]], services: Mapping[str, Mapping[str, Any]]) -> None:
    """Say of proxies that look names up once that they do so again, where others get other containers."""
    moved = [
        entry["service"] for entry in entries if entry["action"] in REPLACING and not services[entry["service"]]["edge"]
    ]
    for entry in entries:
        others = [name for name in moved if replacement(services[name]) != RUN_ONCE]
        if entry["action"] == "unchanged" and needs_reload(services[entry["service"]]) and others:
            entry.update(action="reload", because=[f"replacement of {', '.join(others)}"])


def _left_behind(proxies: list[Container], pods: list[Container]) -> bool:
    """Return whether a proxy runs in a network that has gone, because its pod was started after it."""
    # Without the Z, which is greater than the point before a fraction.
    return any(proxy.started_at.rstrip("Z") < pod.started_at.rstrip("Z") for proxy in proxies for pod in pods)


def _entry(service: str, action: str, because: list[str], downtime: bool = False) -> dict[str, Any]:
    return {"service": service, "action": action, "downtime": downtime, "because": because}


def without_new_services(
    interrupted: Transaction | None, running: Mapping[str, list[Container]]
) -> dict[str, list[Container]]:
    """Return containers by service, without those of services that an interrupted rollout deployed for the first time.

    Such a service is new to the next rollout, too. Nobody uses its data yet.
    """
    return {name: group for name, group in running.items() if interrupted is None or interrupted.old.get(name)}


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], old_addresses: Mapping[str, str], addresses: Mapping[str, str]
) -> list[str]:
    """Return the names of what differs between two states of a service, as far as its containers differ by it."""
    result: list[str] = []
    one, other = _settings(before), _settings(after)
    one_environment, other_environment = one.pop("environment"), other.pop("environment")
    result.extend(changed_keys(one, other))
    if before["pinned"] != after["pinned"] and "image" not in result:
        result.append("image digest")
    for key in sorted(set(one_environment) | set(other_environment)):
        if one_environment.get(key) != other_environment.get(key):
            result.append(f"variable {key}")
    for variable, name in after["secrets"].items():
        if variable in before["secrets"] and old_addresses.get(variable) != addresses.get(variable):
            result.append(f"secret {name}")
    return result


def changed_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the dotted names of the keys in which two mappings differ."""
    result = []
    for key in sorted(set(one) | set(other)):
        before, after = one.get(key), other.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            result += [f"{key}.{name}" for name in changed_keys(before, after)]
        elif before != after:
            result.append(key)
    return result


def _settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service's settings, its files by their names; without the order of its start, no container has that."""
    settings = {key: value for key, value in spec["settings"].items() if key != "depends_on"}
    settings["volumes"] = [volume for volume in settings.get("volumes", []) if not _FILE.fullmatch(str(volume))]
    return {**settings, **{f"file {target}": address for target, address in mounted_files(spec).items()}}


def mounted_files(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of the description that a service has mounted: ``DIGEST/NAME`` by path in the container."""
    matches = (_FILE.fullmatch(str(volume)) for volume in spec["settings"].get("volumes", []))
    return {match["target"]: match["address"] for match in matches if match}


def drift(manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> list[dict[str, str]]:
    """Return ``{service, reason}`` for each service that is not as its release says, or that it does not have."""
    result = []
    for name, spec in manifest["services"].items():
        verdict = judge(spec, running.get(name, []))
        if verdict.state != "up":
            result.append({"service": name, "reason": verdict.reason})
    for name in sorted(set(running) - set(manifest["services"])):
        result.append({"service": name, "reason": "is not part of the release"})
    return result
