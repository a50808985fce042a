"""The Compose documents of a stack: a production-ready base and the overlay of one environment; and the env files.

Place in the pipeline: model -> compose -> bundle. Pure. Documents are data, written as text in a stable order.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import dotenv, hardening, health_check, hooks
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import NETWORKS, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import lay_over, merge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_size
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import (
    budget,
    comments,
    development,
    limits,
    pod,
    scheduled_service,
    yaml_text,
)

BASE = "compose.yaml"
#: The host writes this file, because it resolves images to digests.
IMAGES = "compose.images.yaml"
LOG_OPTIONS = {"max-size": "10m", "max-file": "5"}
#: With these a busy engine drops lines instead of keeping a service waiting. A stopped engine reads none
#: (docs/services.md). Data services write few lines, and to change their options is downtime.
_NON_BLOCKING = {"mode": "non-blocking", "max-buffer-size": "4m"}
#: A service that is only on internal networks reaches no other host, and Docker publishes no port of it. So it joins
#: this network, too.
PUBLISHED = "published"
INTERNAL = frozenset({"data"})
EDGE_MOUNT = "/etc/slipway/edge"

_HEADER = """\
{title} of the stack {name!r}, written by slipway.stack from the inventory.
The next deploy overwrites changes made here.
By hand, on the server: cd {home}/current && docker compose ps
"""


def overlay_name(stack: Stack) -> str:
    """Return the file name of the overlay of the stack's environment."""
    return f"compose.{stack.environment}.yaml"


def release_job(service: Service) -> str:
    """Return the name of the one-shot service that runs a service's release command."""
    return f"{service.name}-release"


def base(stack: Stack, mounted: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the base document.

    :param mounted: by service and path in the container, the path on the host of each mounted file (see ``bundle``).
    """
    services: dict[str, Any] = {}
    for service in stack.services.values():
        keys = _service(stack, service, mounted.get(service.name, {}))
        if service.kind.edge:
            services[pod.name(service)], services[service.name] = pod.documents(service, keys)
        else:
            services[service.name] = keys
        if service.release is not None:
            services[release_job(service)] = _release_job(services[service.name], service)
    document: dict[str, Any] = {"name": stack.name, "services": services}
    used = {network for service in services.values() for network in service.get("networks", ())}
    # The data network is internal: nothing on it can reach the internet, or be reached from there.
    described = stack.top.get("networks", {})
    document["networks"] = {
        name: dict(described[name]) if name in described else {"internal": True} if name in INTERNAL else {}
        for name in [*NETWORKS, *sorted(used - set(NETWORKS))]
        if name in used
    }
    described_volumes = stack.top.get("volumes", {})
    named = _volume_names(volume for service in stack.services.values() for volume in service.volumes)
    volumes = {name: dict(described_volumes.get(name) or {}) for name in named}
    if volumes:
        document["volumes"] = volumes
    secrets = _top_level_secrets(stack)
    if secrets:
        document["secrets"] = secrets
    return document


def overlay(stack: Stack) -> dict[str, Any]:
    """Return the overlay document: the keys that only this environment has."""
    document: dict[str, Any] = {}
    for service in stack.services.values():
        keys = development.keys(stack, service)
        if service.development and service.release is not None:
            job = development.job_keys(stack, service)
            document.setdefault("services", {})[release_job(service)] = _with_limits(service, job)
            keys["depends_on"] = {
                **keys.get("depends_on", {}),
                release_job(service): {"condition": "service_completed_successfully"},
            }
        if keys.get("ports") and service.networks and not service.ports and INTERNAL.issuperset(service.networks):
            keys.setdefault("networks", [PUBLISHED])
            document["networks"] = {PUBLISHED: {}}
        pod_keys, keys = pod.split(service, keys) if service.kind.edge else ({}, keys)
        if pod_keys:
            document.setdefault("services", {})[pod.name(service)] = pod_keys
        if keys:
            document.setdefault("services", {})[service.name] = _with_limits(service, keys)
    volumes = _volume_names(volume for service in stack.services.values() for volume in development.volumes(service))
    if volumes:
        document["volumes"] = volumes
    return document


def _with_limits(service: Service, keys: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of an overlay, with the limits that follow from those that it changes."""
    return keys if service.kind.plain else limits.changed(keys)


def env_file(service: Service) -> str | None:
    """Return the text of a service's env file; ``None`` if it has no variables."""
    if not service.environment:
        return None
    return dotenv.dump(service.environment, f"What {service.name!r} is told; secrets are in files of their own.")


def dump(stack: Stack, title: str, document: Mapping[str, Any], header: str = _HEADER) -> str:
    """Return the text of *document*, below a *header* that says where it comes from."""
    header = header.format(title=title, name=stack.name, home=stack.home)
    comment = "".join(f"# {line}\n" for line in header.splitlines())
    return comment + comments.annotate(yaml_text.dump(document), comments.for_stack(stack))


def _service(stack: Stack, service: Service, mounted: Mapping[str, str]) -> dict[str, Any]:
    result = _described_keys(stack, service, mounted)
    if service.kind.plain:
        return _without_defaults(service, result)
    if not service.networks:
        del result["networks"]
    elif (service.ports or service.reaches) and INTERNAL.issuperset(service.networks):
        result["networks"].append(PUBLISHED)
    result["restart"] = "no" if service.service_class == "oneshot" else "unless-stopped"
    result["security_opt"] = ["no-new-privileges:true"]
    result["cap_drop"] = ["ALL"]
    non_blocking = {} if service.service_class == "stateful" else _NON_BLOCKING
    result["logging"] = {"driver": "json-file", "options": {**LOG_OPTIONS, **non_blocking}}
    if service.kind.edge:
        result.update(budget.compose_keys(service))
    compose = dict(service.compose)
    if isinstance(compose.get("networks"), list) and service.networks:
        # A mapping replaces the networks. A list adds to them, so that the service's needs and the edge still reach it.
        compose["networks"] = list(dict.fromkeys([*result["networks"], *compose["networks"]]))
    return limits.complete(merge(_ordered(result), compose), service.compose)


def _without_defaults(service: Service, described: dict[str, Any]) -> dict[str, Any]:
    """Return a service that gets no default of this collection; its ``compose`` keys may add details of networks.

    With the option ``hardening`` it gets what :mod:`hardening` adds.
    """
    details = service.compose.get("networks")
    compose = {key: value for key, value in service.compose.items() if key != "networks"}
    result = dict(merge(_ordered(described), compose))
    if isinstance(details, Mapping):
        result["networks"] = {name: details.get(name) or {} for name in service.networks}
    if not result["networks"]:
        del result["networks"]
    if service.options.get("hardening"):
        mounted = hardening.mounted_paths(service.volumes, service.compose, *service.files)
        user = service.user or service.compose.get("user")
        result = lay_over(result, hardening.keys(service.image, user, service.compose, mounted))
    return result


def _ordered(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a service, the most important ones first."""
    last = ("restart", "stop_grace_period", "security_opt", "cap_drop", "deploy", "logging", "labels")
    return {key: keys[key] for key in [*(key for key in keys if key not in last), *last] if key in keys}


def _described_keys(stack: Stack, service: Service, mounted: Mapping[str, str]) -> dict[str, Any]:
    """Return the Compose keys that follow from the description of a service."""
    result: dict[str, Any] = {"image": service.image}
    if service.command is not None:
        result["command"] = service.command
    if service.user:
        result["user"] = service.user
    env_files = []
    if service.environment:
        env_files.append(f"env/{service.name}.env")
    if service.secret_env:
        env_files.append(stack.secret_path(service.secret_env))
    if env_files:
        result["env_file"] = env_files
    if service.secret_mounts:
        result["secrets"] = [
            {"source": mount.file.key, "target": posixpath.normpath(mount.target).replace("$", "$$")}
            for mount in service.secret_mounts
        ]
    mounts = [_file_mount(source, target, service.mount_options.get(target)) for target, source in mounted.items()]
    volumes = [*service.volumes, *mounts]
    if service.kind.edge:
        # The directory, not a single file: inside a running container a replaced file keeps its old content.
        volumes.append(f"{stack.home}/edge:{EDGE_MOUNT}:ro")
    if volumes:
        result["volumes"] = volumes
    if service.ports:
        result["ports"] = list(service.ports)
    result["networks"] = list(service.networks)
    if service.depends_on:
        result["depends_on"] = {name: {"condition": _condition(stack.services[name])} for name in service.depends_on}
    if service.health:
        result["healthcheck"] = dict(service.health)
    result["stop_grace_period"] = service.stop_grace
    result.update(deploy=_deploy(service), labels=_labels(stack, service))
    return scheduled_service.completed(service, result)


def _file_mount(source: str, target: str, options: Mapping[str, Any] | None) -> str | dict[str, Any]:
    """Return the mount of a file or directory of the release. Only the long notation has all options."""
    source, target = source.replace("$", "$$"), target.replace("$", "$$")
    if options:
        return {"type": "bind", "source": source, "target": target, "read_only": True, **options}
    return f"{source}:{target}:ro"


def _condition(other: Service) -> str:
    if other.service_class == "oneshot":
        return "service_completed_successfully"
    return "service_healthy" if health_check.is_checked(other.health) else "service_started"


def _deploy(service: Service) -> dict[str, Any]:
    result: dict[str, Any] = {"replicas": service.replicas}
    limits: dict[str, str] = {}
    reservations: dict[str, str] = {}
    if service.cpus:
        limits["cpus"] = f"{service.cpus:g}"
    if service.memory:
        limits["memory"] = service.memory
        reservations["memory"] = f"{max(parse_size(service.memory) // 4 // 1024**2, 6)}m"
    if limits:
        result["resources"] = {"limits": limits}
        if reservations:
            result["resources"]["reservations"] = reservations
    return result


def _labels(stack: Stack, service: Service) -> dict[str, str]:
    labels = {"slipway.kind": service.kind.name, "slipway.class": service.service_class}
    addresses = [f"{mount.file.key}=${{{mount.file.variable}}}" for mount in service.secret_mounts]
    if addresses and stack.addressed:
        # Compose does not read secret files. The address in this label makes it recreate the service for a new content.
        labels["slipway.secrets"] = " ".join(addresses)
    return labels


def _release_job(running: Mapping[str, Any], service: Service) -> dict[str, Any]:
    """Return the one-shot service for a release command: image, settings, limits and networks are the service's."""
    dropped = ("command", "ports", "healthcheck", "restart", "deploy", "labels", "stop_grace_period", *hooks.KEYS)
    result: dict[str, Any] = {"image": running["image"], "command": service.release}
    result.update({key: value for key, value in running.items() if key not in (*dropped, "image")})
    result["restart"] = "no"
    if "resources" in running.get("deploy", {}):
        result["deploy"] = {"resources": running["deploy"]["resources"]}
    # It has a profile: `docker compose up` does not start it, the deploy runs it by name.
    result["profiles"] = ["release"]
    result["labels"] = {**running.get("labels", {}), "slipway.class": "oneshot"}
    return result


def _volume_names(volumes: Iterable[str | Mapping[str, Any]]) -> dict[str, Any]:
    return {name: {} for volume in volumes if (name := _volume_name(volume))}


def _volume_name(volume: str | Mapping[str, Any]) -> str | None:
    """Return the name of the volume that a mount uses, ``None`` for another mount."""
    if isinstance(volume, Mapping):
        return str(volume["source"]) if volume.get("type") == "volume" and volume.get("source") else None
    name, colon, _target = str(volume).partition(":")
    return name if colon and not name.startswith((".", "/", "~", "$")) else None


def _top_level_secrets(stack: Stack) -> dict[str, Any]:
    return {
        mount.file.key: {"file": stack.secret_path(mount.file)}
        for service in stack.services.values()
        for mount in service.secret_mounts
    }


def secret_files(stack: Stack) -> Iterator[tuple[Service, SecretFile]]:
    """Yield each use of a file of the secret store: the service and the file."""
    for service in stack.services.values():
        for mount in service.secret_mounts:
            yield service, mount.file
        if service.secret_env:
            yield service, service.secret_env
