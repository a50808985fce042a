"""What the host must know of each service, to plan, run and judge it.

Place in the pipeline: compose -> bundle, under ``bundle``, which travels. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.connections import merge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose, pod, replacement_limits


def described(service: Service, base: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return a service's name and facts, and those of its pod before it where it has one."""
    of_the_pod, keys = pod.split(service, service.overlay) if service.kind.edge else ({}, service.overlay)
    if service.kind.edge:
        yield pod.name(service), _pod_facts(service, _merged(base[pod.name(service)], of_the_pod))
    yield service.name, _facts(service, _merged(base[service.name], keys))


def _facts(service: Service, merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the host must know of a service, in plain JSON values.

    ``settings`` is compared between releases, for the plan; the rest says how to run and to judge the service.
    """
    files = [mount.file for mount in service.secret_mounts] + ([service.secret_env] if service.secret_env else [])
    return {
        "kind": service.kind.name,
        "class": service.service_class,
        "image": merged["image"],
        "replicas": service.replicas,
        "depends_on": list(service.depends_on),
        "edge": bool(service.kind.edge),
        "proxy": service.kind.edge,
        "pod": pod.name(service) if service.kind.edge else None,
        "drain_seconds": parse_duration(service.options["drain"]) if service.kind.edge else 0.0,
        "release": compose.release_job(service) if service.release is not None else None,
        "release_once": service.release_once,
        "release_check": service.release_check,
        "ports": list(merged.get("ports", [])),
        "data_version": service.data_version,
        "start_seconds": _start_seconds(merged.get("healthcheck") or {}),
        "secrets": {file.variable: file.name for file in files},
        # Compose's own `environment` goes before the file of variables.
        "settings": {**merged, "environment": {**service.environment, **(merged.get("environment") or {})}},
        "alone": replacement_limits.alone(merged),
        "own_proxy": None if service.kind.edge else str(service.options.get("proxy") or "") or None,
    }


def _pod_facts(service: Service, merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the host must know of the pod of an edge: the same keys, and a class that no description can give."""
    return {
        "kind": service.kind.name,
        "class": "pod",
        "image": merged["image"],
        "replicas": 1,
        "depends_on": [],
        "edge": False,
        "proxy": None,
        "pod": None,
        "drain_seconds": 0.0,
        "release": None,
        "release_once": False,
        "release_check": None,
        "ports": list(merged.get("ports", [])),
        "data_version": None,
        "start_seconds": _start_seconds(merged["healthcheck"]),
        "secrets": {},
        "settings": {**merged, "environment": {}},
        "alone": None,
        "own_proxy": None,
    }


def _merged(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Compose makes of a service's base and overlay, as far as a comparison needs it."""
    ports = overrides.all_ports(base.get("ports", []), overlay)
    return {**merge(base, overlay), **({"ports": ports} if ports else {})}


def _start_seconds(health: Mapping[str, Any]) -> float:
    """Return how long Docker itself may take to call a container unhealthy: the start period and all retries."""
    if "test" not in health:
        return 0.0
    # What is not there has Docker's own default.
    health = {"interval": "30s", "timeout": "30s", "start_period": "0s", "retries": 3, **health}
    attempt = parse_duration(health["interval"]) + parse_duration(health["timeout"])
    return parse_duration(health["start_period"]) + attempt * (int(health["retries"]) + 1)
