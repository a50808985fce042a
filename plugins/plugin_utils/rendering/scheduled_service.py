"""A service of a Swarm in the notation of ``docker stack deploy``, from the Compose keys that it would have on a host.

Place in the pipeline: rendering, under ``service_manifest``. Pure. The host adds the digest of the image, the values of
variables with secrets, and the names of secrets and files (``module_utils/release/scheduled_document.py``).

What Docker has for containers and not for a Swarm is refused, unless the Swarm does it in another way. It cannot forbid
new privileges for one service; the engine can for all (``engine_daemon_options``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.scheduled import Scheduled
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_size

#: Keys that mean the same in a Swarm.
_SAME = (
    *("command", "entrypoint", "user", "working_dir", "read_only", "init", "stop_signal", "stop_grace_period", "tty"),
    *("cap_add", "cap_drop", "ulimits", "sysctls", "extra_hosts", "dns", "dns_search", "logging", "healthcheck"),
    *("hostname", "stdin_open"),
)
#: Keys that this module or the host replaces, or whose purpose the Swarm serves by itself: it has no swap to limit, and
#: it starts again what has ended.
_REPLACED = (
    *("image", "environment", "env_file", "secrets", "volumes", "networks", "deploy", "labels", "tmpfs", "shm_size"),
    *("restart", "profiles", "depends_on", "security_opt", "pids_limit", "memswap_limit", "expose", "build"),
)
_NO_NEW_PRIVILEGES = "no-new-privileges"
_SHARED_MEMORY = "/dev/shm"
#: How soon a task is replaced that has ended. It is Docker's own default.
_RESTART = {"condition": "any", "delay": "5s"}
_PROFILE = "swarm"
_READABLE, _EXECUTABLE = 0o444, 0o555


def completed(service: Service, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Compose keys of a service; in the Swarm, with its nodes. Then Compose runs one-off commands only."""
    if service.swarm is None:
        return dict(keys)
    constraints = list(service.swarm.constraints)
    placement = {"placement": {"constraints": constraints}} if constraints else {}
    return {**keys, "profiles": [_PROFILE], "deploy": {**keys["deploy"], **placement}}


def entry(stack: Stack, service: Service, merged: Mapping[str, Any], mounted: Mapping[str, str]) -> dict[str, Any]:
    """Return what the host must know to create a service in the Swarm.

    ``service``: its keys. ``secrets``: ``{variable, name, path, target, uid, gid, mode}`` of each secret file. Its path
    has the variable for its address. ``secret_env``: the variable of the file with further variables, or ``None``.
    ``files``: ``{name, path, target, mode}`` of each mounted file. ``network`` and ``acts``: see ``Scheduled``.

    :param merged: its Compose keys. :param mounted: the path on the host of each mounted file or directory.
    :raises ValueError: for a key that a Swarm does not have.
    """
    scheduled = service.swarm
    if scheduled is None:
        raise TypeError(f"service {service.name!r} is not in the Swarm")
    _check(service.name, merged)
    own = merged.get("environment") or {}
    keys = {
        **{key: merged[key] for key in _SAME if key in merged},
        "environment": {**{name: value.replace("$", "$$") for name, value in service.environment.items()}, **own},
        "labels": {key: value for key, value in (merged.get("labels") or {}).items() if key != "slipway.secrets"},
        "deploy": _deploy(merged, scheduled),
    }
    volumes = list(_temporary(merged))
    return {
        "service": {**keys, **({"volumes": volumes} if volumes else {})},
        "secrets": list(_secrets(stack, service)),
        "secret_env": service.secret_env.variable if service.secret_env else None,
        "files": list(_files(service, mounted)),
        "network": scheduled.network,
        "acts": scheduled.acts,
    }


def _check(name: str, merged: Mapping[str, Any]) -> None:
    unknown = sorted(set(merged) - {*_SAME, *_REPLACED})
    if unknown:
        raise ValueError(
            f"service {name!r}: key 'compose.{unknown[0]}': Docker Swarm has no such option; remove it, or place the "
            "service on a host with Compose (docs/swarm.md)"
        )
    for option in merged.get("security_opt") or ():
        if not str(option).startswith(_NO_NEW_PRIVILEGES):
            raise ValueError(
                f"service {name!r}: key 'compose.security_opt': {option!r} cannot be set in a Docker Swarm; remove it"
            )


def _deploy(merged: Mapping[str, Any], scheduled: Scheduled) -> dict[str, Any]:
    given = merged.get("deploy") or {}
    result = {key: value for key, value in given.items() if key not in ("replicas", "placement")}
    return {
        **result,
        # The kernel's own balancing of a virtual address would hide which tasks there are from the edge.
        "endpoint_mode": "dnsrr",
        "restart_policy": given.get("restart_policy") or _RESTART,
        "placement": {"constraints": list(scheduled.constraints)},
    }


def _temporary(merged: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the file systems in memory, which are mounts in a Swarm."""
    given = merged.get("tmpfs") or []
    for one in [given] if isinstance(given, str) else given:
        target, _colon, options = str(one).partition(":")
        size = next((part.partition("=")[2] for part in options.split(",") if part.startswith("size=")), "")
        yield _memory(target, size)
    if merged.get("shm_size"):
        yield _memory(_SHARED_MEMORY, str(merged["shm_size"]))


def _memory(target: str, size: str) -> dict[str, Any]:
    limit = {"tmpfs": {"size": parse_size(size)}} if size else {}
    return {"type": "tmpfs", "target": target, **limit}


def _secrets(stack: Stack, service: Service) -> Iterator[dict[str, Any]]:
    for mount in service.secret_mounts:
        file = mount.file
        yield {
            "variable": file.variable,
            "name": file.name,
            "path": stack.secret_path(file),
            "target": posixpath.normpath(mount.target),
            "uid": str(file.uid),
            "gid": str(file.gid),
            "mode": file.mode,
        }


def _files(service: Service, mounted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for target, content in service.files.items():
        paths = [""] if isinstance(content, str) else [f"/{path}" for path in content.files]
        for path in paths:
            yield {
                "name": posixpath.basename(f"{target}{path}"),
                "path": f"{mounted[target]}{path}",
                "target": f"{target}{path}",
                "mode": _EXECUTABLE if f"{target}{path}" in service.executable else _READABLE,
            }
