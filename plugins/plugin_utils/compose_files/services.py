"""A service of a team's files as an entry of ``stack_services``, of kind ``compose``.

Place in the pipeline: compose_files -> describe. Keys that the pipeline knows become keys of the description. All other
keys go into ``compose`` unchanged. Variables have been interpolated before: a remaining dollar sign is doubled for the
Compose of the host.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations, unsupported
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description import hooks, names, secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.published_ports import ports
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.scalars import scalar_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import is_secret_variable
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, Mark, mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service

#: Keys that become keys of the description, or have no meaning once the files are read.
_TRANSLATED = frozenset(
    {"image", "build", "command", "user", "environment", "env_file", "depends_on", "ports", "volumes", "secrets"}
    | {"configs", "networks", "healthcheck", "stop_grace_period", "scale", "profiles", "extends", "develop"}
    | {"pull_policy", "attach", "label_file", "extra_hosts", *unsupported.KEYS}
)

#: The translated keys that are left out, and the keys of `build` that are not.
_LEFT_OUT = ("develop", "profiles", "pull_policy", "attach", "label_file")
_BUILD_KEYS = frozenset({"context", "dockerfile", "target", "args", "platforms"})


def left_out(keys: Map) -> list[str]:
    """Return the keys of a service, such as ``develop`` and ``build.ssh``, that a description does not have."""
    build = [f"build.{key}" for key in mapping(keys.get("build")) if key not in _BUILD_KEYS]
    return [*(key for key in _LEFT_OUT if keys.get(key)), *build]


def translate(keys: Map, service: Service, variables: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return the keys of one service, without its mounts, secrets and environment.

    :param keys: the keys of the files, in long notation.
    :param variables: see :func:`environment`; secrets are placeholders.
    :param folder: the directory that relative paths start from.
    """
    result: dict[str, Any] = {"kind": "compose", "image": str(keys.get("image") or "")}
    if isinstance(keys.get("build"), Map) and keys.get("image"):
        result["build"] = _build(keys["build"], folder)
    command = keys.get("command")
    if command not in (None, "", []):
        result["command"] = list(command) if isinstance(command, list) else str(command)
    user = str(keys.get("user") or "")
    if user.replace(":", "", 1).isdigit():
        result["user"] = user
    replicas = service.replicas
    if replicas != 1:
        result["replicas"] = replicas
    if keys.get("stop_grace_period"):
        result["stop_grace"] = str(keys["stop_grace_period"])
    if isinstance(keys.get("healthcheck"), Map):
        result["health"] = escaped(keys["healthcheck"])
    published = [text for port in ports(keys) for text in _published(port)]
    if published:
        result["publish"] = published
    if variables:
        result["environment"] = dict(variables)
    needs = mapping(keys.get("depends_on"))
    if needs:
        result["needs"] = list(needs)
    result["networks"] = [] if keys.get("network_mode") else list(mapping(keys.get("networks"))) or ["default"]
    rest = {key: value for key, value in keys.items() if key not in _TRANSLATED and not key.startswith("x-")}
    if "deploy" in rest:
        rest["deploy"] = {key: value for key, value in mapping(keys["deploy"]).items() if key != "replicas"}
    compose = {
        **escaped({key: value for key, value in rest.items() if value is not None}),
        **_rewritten_keys(keys, user, needs),
    }
    result["compose"] = {key: value for key, value in compose.items() if value not in ({}, [])}
    if command in ("", []) and command is not None:
        result["compose"]["command"] = []
    return result


def _rewritten_keys(keys: Map, user: str, needs: Map) -> dict[str, Any]:
    """Return the keys of ``compose`` that are written differently than in the file."""
    result: dict[str, Any] = {}
    if user and not user.replace(":", "", 1).isdigit():
        result["user"] = user
    if keys.get("extra_hosts"):
        result["extra_hosts"] = list(keys["extra_hosts"])
    if needs:
        result["depends_on"] = {
            other: dict(need) if isinstance(need, dict) else {"condition": "service_started"}
            for other, need in needs.items()
        }
    for key in hooks.KEYS:
        if isinstance(keys.get(key), list):
            result[key] = [_hook(entry) for entry in keys[key]]
    networks = mapping(keys.get("networks"))
    if any(networks.values()):
        result["networks"] = escaped({name: options or {} for name, options in networks.items()})
    return result


def _hook(entry: Any) -> Any:
    """Return a hook with its environment as a list, where a variable without a value does not look like a reset."""
    written = mapping(entry)
    if not written.get("environment"):
        return escaped(entry)
    return escaped({**written, "environment": hooks.environment(written["environment"])})


def _published(port: Any) -> list[str]:
    """Return the ports of a published port or range in the short notation."""
    if port.published is None or port.target is None:
        return []
    host = f"[{port.host}]:" if ":" in port.host else f"{port.host}:" if port.host else ""
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return [f"{host}{port.published + step}:{port.target + step}{protocol}" for step in range(port.count)]


def _build(build: Map, folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = {"context": os.path.normpath(folder / str(build.get("context") or "."))}
    for key in ("dockerfile", "target"):
        if build.get(key):
            result[key] = str(build[key])
    arguments = {str(key): scalar_text(value) for key, value in mapping(build.get("args")).items() if value is not None}
    if arguments:
        result["args"] = arguments
    if build.get("platforms"):
        result["platforms"] = [str(platform) for platform in build["platforms"]]
    return result


def environment(keys: Map, from_files: Map, variables: Mapping[str, str], notes: list[str]) -> dict[str, str]:
    """Return the variables of a service: its ``environment`` takes precedence over its env files.

    :param from_files: the variables of the env files.
    :param variables: those of Compose itself, for an entry of ``environment`` without a value.
    :param notes: gets a note for each entry that has no value at all.
    """
    result = {str(key): scalar_text(value) for key, value in from_files.items()}
    for key, value in mapping(keys.get("environment")).items():
        if value is not None:
            result[key] = scalar_text(value)
        elif key in variables:
            result[key] = variables[key]
        else:
            result.pop(key, None)
            notes.append(f"does not get {key}, which has no value here")
    return result


def extract_secrets(name: str, variables: dict[str, str]) -> dict[str, str]:
    """Replace each value that is a secret, by its name or form, with a placeholder; return the values by secret."""
    secrets: dict[str, str] = {}
    for key, value in variables.items():
        if secret_text.holds_secret(value) or locations.unset_in(value):
            continue
        if is_secret_variable(key, value):
            secret = names.free(f"{name}__{key}", secrets)
            secrets[secret] = value
            variables[key] = secret_text.mark(secret, "dotenv")
    return secrets


def check_secrets(name: str, entry: Mapping[str, Any], keys: Map, problems: Problems) -> None:
    """Check that no key of a service shows a secret; only the environment and files may hold one."""
    for key, value in entry.items():
        if key in ("environment", "files"):
            continue
        for text, path, _mark in locations.texts(value, (key,)):
            if secret_text.holds_secret(text):
                written = path.removeprefix("compose.").split(".")[0]
                mark: Mark | None = mark_of(keys, written)
                message = (
                    "contains a secret, which everybody who can inspect the container could read; "
                    "pass it in 'environment' or as a file"
                )
                problems.add(mark, service_key(name, written), message)


def escaped(value: Any) -> Any:
    """Return *value* as plain data, escaped such that Compose reads it literally."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {str(key): escaped(item) for key, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value
