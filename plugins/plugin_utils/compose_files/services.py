"""A service of a team's files as an entry of ``stack_services``, of kind ``compose``.

Place in the pipeline: compose_files -> describe. Keys that the pipeline knows become keys of the description. All other
keys go into ``compose`` unchanged. Variables have been interpolated before: a remaining dollar sign is doubled for the
Compose of the host.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import left_out, locations, unsupported
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.scalars import scalar_text
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Mark, mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    dotenv,
    hardening,
    hooks,
    names,
    secret_text,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import is_secret_variable
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service

#: Keys that become keys of the description, or have no meaning once the files are read.
_TRANSLATED = frozenset(
    {"image", "build", "command", "user", "environment", "env_file", "depends_on", "ports", "volumes", "secrets"}
    | {"configs", "networks", "healthcheck", "stop_grace_period", "scale", "profiles", "extends", "develop"}
    | {"pull_policy", "pull_refresh_after", "attach", "label_file", *unsupported.KEYS}
)
_NUMERIC_USER = re.compile(r"[0-9]{1,10}(?::[0-9]{1,10})?")


def translate(
    keys: Map, service: Service, image: str, variables: Mapping[str, str], folder: Path, described: Collection[str]
) -> dict[str, Any]:
    """Return the keys of one service, without its mounts, secrets and environment.

    :param keys: the keys of the files, in long notation.
    :param image: the image that it runs; empty if the files do not have it.
    :param variables: see :func:`environment`; secrets are placeholders.
    :param folder: the directory that relative paths start from.
    :param described: services that the inventory describes. A service of the files that depends on one connects to it.
    """
    result: dict[str, Any] = {"kind": "compose", "image": image}
    if isinstance(keys.get("build"), Map) and image and not left_out.why_not_built(keys["build"]):
        result["build"] = _build(keys["build"], folder)
    command = keys.get("command")
    if command not in (None, "", []):
        result["command"] = list(command) if isinstance(command, list) else str(command)
    user = str(keys.get("user") or "")
    if _NUMERIC_USER.fullmatch(user):
        result["user"] = user
    if service.replicas != 1:
        result["replicas"] = service.replicas
    if keys.get("stop_grace_period") is not None:
        result["stop_grace"] = _duration(keys["stop_grace_period"])
    health = _health(keys)
    if health:
        result["health"] = health
    written = {name: value for name, value in variables.items() if dotenv.NAME.fullmatch(name)}
    if written:
        result["environment"] = written
    needs = [name for name in mapping(keys.get("depends_on")) if name in described]
    if needs:
        result["needs"] = needs
    # An empty mode is one, too: the service joins no network.
    has_mode = keys.get("network_mode") is not None
    result["networks"] = [] if has_mode else list(mapping(keys.get("networks"))) or ["default"]
    rest = {key: value for key, value in keys.items() if key not in _TRANSLATED and not key.startswith("x-")}
    if "deploy" in rest:
        rest["deploy"] = {key: value for key, value in mapping(keys["deploy"]).items() if key != "replicas"}
    result["compose"] = {
        **_without_empty_lists(escaped({key: value for key, value in rest.items() if value is not None})),
        **_rewritten_keys(keys, user),
    }
    if len(written) < len(variables):
        # No file of variables can have these names.
        others = {name: value for name, value in variables.items() if name not in written}
        result["compose"]["environment"] = escaped(others)
    return result


def _rewritten_keys(keys: Map, user: str) -> dict[str, Any]:
    """Return the keys of ``compose`` that are also keys of the description, where that cannot say the same."""
    result: dict[str, Any] = {}
    if user and not _NUMERIC_USER.fullmatch(user):
        result["user"] = escaped(user)
    if keys.get("command") in ("", []):
        result["command"] = []
    if isinstance(keys.get("healthcheck"), Map) and not _health(keys):
        result["healthcheck"] = {}
    hosts = escaped(keys.get("extra_hosts") or [])
    if len({*hosts}) < len(hosts):
        # As a list, Compose refuses an entry that is there twice.
        names = dict.fromkeys(host.partition("=")[0] for host in hosts)
        result["extra_hosts"] = {
            name: [host.partition("=")[2] for host in hosts if host.partition("=")[0] == name] for name in names
        }
    needs = mapping(keys.get("depends_on"))
    if needs:
        result["depends_on"] = escaped(needs)
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


def _health(keys: Map) -> dict[str, Any]:
    written = mapping(keys.get("healthcheck"))
    return {key: _duration(value) for key, value in escaped(written).items() if value != []}


def _without_empty_lists(value: Any) -> Any:
    """Return *value* without lists that say nothing. Compose 2.26 reads them as null where it merges files.

    An empty ``entrypoint`` takes the place of the image's.
    """
    if isinstance(value, Mapping):
        kept = {name: item for name, item in value.items() if item != [] or name == "entrypoint"}
        return {name: _without_empty_lists(item) for name, item in kept.items()}
    return value


def _duration(value: Any) -> Any:
    """Return a duration that is zero with a unit, which the description asks for."""
    return "0s" if value == "0" else value


def harden(entry: Mapping[str, Any], keys: Map) -> list[str]:
    """Return a note on the protections that a service with ``hardening`` gets; none without this option.

    Its *entry* gets a mark for each list that is empty in the file: there it means that nothing is to be added.

    :param keys: the keys of the files.
    """
    own = entry.get("compose")
    if not isinstance(own, dict) or str(entry.get("hardening")).lower() not in ("true", "yes"):
        return []
    own |= {key: None for key in ("cap_drop", "security_opt") if keys.get(key) == [] and key not in own}
    paths = hardening.mounted_paths(entry.get("volumes"), own, *mapping(entry.get("files")))
    user = entry.get("user") or own.get("user")
    return [hardening.note(hardening.keys(str(entry.get("image") or ""), user, own, paths), own)]


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


def environment(
    keys: Map, from_files: Map, variables: Mapping[str, str], without_value: Callable[[str, Mark | None], None]
) -> dict[str, str]:
    """Return the variables of a service: its ``environment`` takes precedence over its env files.

    :param from_files: the variables of the env files.
    :param variables: those of Compose itself, for an entry of ``environment`` without a value.
    :param without_value: is called with each entry that has no value at all, and its position.
    """
    given = mapping(keys.get("environment"))
    result = {str(key): scalar_text(value) for key, value in from_files.items()}
    for key, value in given.items():
        if value is not None:
            result[key] = scalar_text(value)
        elif key in variables:
            result[key] = variables[key]
        else:
            result.pop(key, None)
            without_value(key, mark_of(given, key) or mark_of(keys, "environment"))
    return result


def extract_secrets(name: str, variables: dict[str, str], taken: Collection[str] = ()) -> dict[str, str]:
    """Replace each value that is a secret, by its name or form, with a placeholder; return the values by secret.

    :param taken: names that other secrets have.
    """
    secrets: dict[str, str] = {}
    for key, value in variables.items():
        if secret_text.holds_secret(value) or locations.unset_in(value):
            continue
        if is_secret_variable(key, value):
            secret = names.free(f"{name}__{key}", {*taken, *secrets})
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
                path = path.removeprefix("compose.")
                written = path.split(".")[0]
                mark: Mark | None = mark_of(keys, written)
                message = (
                    "contains a secret, which everybody who can inspect the container could read; "
                    "pass it in 'environment' or as a file"
                )
                if written == "environment":
                    message = "contains a secret, and no file of variables can have this name; choose another name"
                problems.add(mark, service_key(name, path if written == "environment" else written), message)


def escaped(value: Any) -> Any:
    """Return *value* as plain data, escaped such that Compose reads it literally.

    A key below another one that has no value, such as a label, has an empty text: that is how Compose reads it.
    """
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {str(key): "" if item is None else escaped(item) for key, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value
