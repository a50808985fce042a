"""The entries of a release's manifest: what the host must know about each service to plan, run and check it.

Place in the pipeline: rendering, from the Compose documents to the bundle. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    IN_PLACE,
    RUN_ONCE,
    START_FIRST,
    STOP_FIRST,
    replacement,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    attachments,
    database_files,
    health_check,
    hooks,
    initial_values,
    overrides,
    published_ports,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import merge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.single_instance import single_instance_reason
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose, pod, scheduled_service


def entries(
    stack: Stack, base: Mapping[str, Any], mounted: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    """Return the manifest's entries by service; the pod of an edge comes before the edge.

    :param base: the services of the base document. :param mounted: see ``compose.base``.
    :raises ValueError: for a service with a key that its Swarm does not have.
    """
    result = {name: spec for service in stack.in_order() for name, spec in _specs(service, base)}
    for service in stack.in_order():
        if service.swarm:
            merged = _merged(base[service.name], service.overlay)
            result[service.name]["swarm"] = scheduled_service.entry(
                stack, service, merged, mounted.get(service.name, {})
            )
    followers = attachments.followers({name: spec["follows"] for name, spec in result.items()})
    for name, spec in result.items():
        spec["alone"] = spec["alone"] or attachments.sharing_reason(followers.get(name, {}))
    late = {name: _is_late(name, result) for name in result}
    return {
        name: {**spec, "late": late[name] or _has_late_follower(name, followers, late)} for name, spec in result.items()
    }


def _has_late_follower(name: str, followers: Mapping[str, Mapping[str, Any]], late: Mapping[str, bool]) -> bool:
    """Return whether a service whose namespace is shared is replaced late, because a service in it is."""
    members = (
        member for member, keys in followers.get(name, {}).items() if set(keys) & set(attachments.NAMESPACE_KEYS)
    )
    return any(late[member] or _has_late_follower(member, followers, late) for member in members)


def _specs(service: Service, base: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if service.kind.edge:
        pod_overlay, overlay = pod.split(service, service.overlay)
        yield pod.name(service), _pod_spec(service, _merged(base[pod.name(service)], pod_overlay))
    else:
        overlay = dict(service.overlay)
    yield service.name, _spec(service, _merged(base[service.name], overlay))


def _is_late(name: str, specs: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether a service that is replaced in place must wait until the rolling services are replaced.

    It waits if it depends on one of them: a proxy that resolves names when it starts would not start without them.
    """
    return replacement(specs[name]) in (IN_PLACE, RUN_ONCE) and _needs_rolling(name, specs, set())


def _needs_rolling(name: str, specs: Mapping[str, Mapping[str, Any]], seen: set[str]) -> bool:
    for other in specs[name]["depends_on"]:
        if other in specs and other not in seen:
            seen.add(other)
            if replacement(specs[other]) in (START_FIRST, STOP_FIRST) or _needs_rolling(other, specs, seen):
                return True
    return False


def _spec(service: Service, merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the host must know about a service, in plain JSON values.

    The plan compares ``settings`` between releases. The rest says how to run and to check the service.
    """
    environment = {**service.environment, **(merged.get("environment") or {})}
    volumes = merged.get("volumes") or []
    data_version = database_files.data_version(service, str(merged["image"]), volumes, environment)
    files = [mount.file for mount in service.secret_mounts] + ([service.secret_env] if service.secret_env else [])
    return {
        "kind": service.kind.name,
        "class": service.service_class,
        "image": merged["image"],
        "replicas": service.replicas,
        "depends_on": list(service.starts_after),
        "follows": {other: list(keys) for other, keys in service.follows.items()},
        "edge": bool(service.kind.edge),
        "proxy": service.kind.edge,
        "pod": pod.name(service) if service.kind.edge else None,
        "drain_seconds": parse_duration(service.options["drain"]) if service.kind.edge else 0.0,
        "release": compose.release_job(service) if service.release is not None else None,
        "release_once": service.release_once,
        "release_check": service.release_check,
        "job_seconds": parse_duration(service.job_timeout),
        "ports": [published_ports.text(port) for port in merged.get("ports", [])],
        "data_version": data_version,
        "initial": initial_values.initial_values(service, data_version, volumes, environment),
        "start_seconds": _start_seconds(merged.get("healthcheck") or {}, parse_duration(service.min_uptime)),
        "min_uptime": parse_duration(service.min_uptime),
        "secrets": {file.variable: file.name for file in files},
        # In Compose the key `environment` takes precedence over an env file.
        "settings": {**merged, "environment": environment},
        "alone": single_instance_reason(merged),
        "own_proxy": None if service.kind.edge else str(service.options.get("proxy") or "") or None,
        # A release without this key cannot be closed for maintenance.
        **({"balancers": list(service.options["real_ip_from"])} if service.kind.edge else {}),
        **({"inner": True} if service.is_inner else {}),
        # Only where there are some, so that the release of a service without hooks has the same digest as before.
        **{key: hooks.read(merged[key]) for key in hooks.KEYS if merged.get(key)},
        **({"reaches": {name: list(at) for name, at in service.reaches.items()}} if service.reaches else {}),
        **({"backup": service.backup} if service.backup else {}),
        **({"unsaved": list(service.unsaved)} if service.unsaved else {}),
        **({"rotation": service.rotation} if service.rotation else {}),
        **({"logins": service.logins} if service.logins else {}),
    }


def _pod_spec(service: Service, merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the host must know about the pod of an edge: the same keys, and a class that only pods have."""
    return {
        "kind": service.kind.name,
        "class": "pod",
        "image": merged["image"],
        "replicas": 1,
        "depends_on": [],
        "follows": {},
        "edge": False,
        "proxy": None,
        "pod": None,
        "drain_seconds": 0.0,
        "release": None,
        "release_once": False,
        "release_check": None,
        "job_seconds": 0.0,
        "ports": list(merged.get("ports", [])),
        "data_version": None,
        "initial": None,
        "start_seconds": _start_seconds(merged["healthcheck"], 0.0),
        "min_uptime": parse_duration(service.min_uptime),
        "secrets": {},
        "settings": {**merged, "environment": {}},
        "alone": None,
        "own_proxy": None,
    }


def _merged(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service's base and overlay as Compose merges them, as far as a comparison needs it."""
    ports = overrides.all_ports(base.get("ports", []), overlay)
    return {**merge(base, overlay), **({"ports": ports} if ports else {})}


def _start_seconds(health: Mapping[str, Any], min_uptime: float) -> float:
    """Return how many seconds Docker may take to call a container unhealthy: the start period and all retries.

    Without a health check, *min_uptime* decides.
    """
    if not health_check.is_checked(health):
        return min_uptime
    # Docker's own defaults, which also stand for a zero.
    interval, timeout = (parse_duration(health.get(key, "0s")) or 30.0 for key in ("interval", "timeout"))
    retries = int(health.get("retries", 0)) or 3
    return parse_duration(health.get("start_period", "0s")) + (interval + timeout) * (retries + 1)
