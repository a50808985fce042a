"""Texts that Compose turns into a number or a boolean, because their key needs one, after variables are inserted. Pure.

Place in the pipeline: compose_reader. ``replicas: "${COUNT:-2}"`` is a text for YAML and a number for
Compose. The source of the keys is compose-go's package ``loader``; all supported versions of Compose share them.
``value_types`` checks what is no number or boolean.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .source_positions import KeyPath

_KEYS = """
integer: cpu_count cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares deploy.replicas
 deploy.update_config.parallelism deploy.rollback_config.parallelism deploy.restart_policy.max_attempts
 deploy.placement.max_replicas_per_node healthcheck.retries oom_score_adj pids_limit ports.[].target scale ulimits.*
 ulimits.*.hard ulimits.*.soft
number: cpu_percent cpus deploy.update_config.max_failure_ratio deploy.rollback_config.max_failure_ratio
boolean: init healthcheck.disable oom_kill_disable privileged read_only stdin_open tty volumes.[].read_only
 volumes.[].volume.nocopy
"""
_TOP_BOOLEANS = {
    "networks": ("external", "internal", "attachable", "enable_ipv4", "enable_ipv6"),
    **dict.fromkeys(("volumes", "secrets", "configs"), ("external",)),
}
_BOOLEANS = {**dict.fromkeys(("true", "y", "yes", "on"), True), **dict.fromkeys(("false", "n", "no", "off"), False)}
_INTEGER = re.compile(r"[-+]?[0-9]{1,20}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?(?i:inf|infinity)|(?i:nan)")


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.fullmatch(text) else text


def _number(text: str) -> Any:
    return float(text) if _NUMBER.fullmatch(text) else text


def _boolean(text: str) -> Any:
    return _BOOLEANS.get(text.lower(), text)


_CASTS: dict[str, Callable[[str], Any]] = {"integer": _integer, "number": _number, "boolean": _boolean}
_SERVICE_KEYS = {
    tuple(key.split(".")): _CASTS[kind]
    for kind, _colon, keys in (line.partition(":") for line in _KEYS.strip().replace("\n ", " ").splitlines())
    for key in keys.split()
}
_FIRST = frozenset(key[0] for key in _SERVICE_KEYS)


def cast(path: KeyPath, text: str) -> Any:
    """Return the number or boolean that Compose makes of *text*; *text* itself if it makes none, or refuses it.

    :param path: the keys that lead from the document to the text.
    """
    convert = _cast_at(path)
    return text if convert is None else convert(text)


def whole(path: KeyPath, number: float) -> int | float:
    """Return *number*, as a whole one if it is one and its key needs one: Compose reads ``replicas: 2.0``."""
    return int(number) if _cast_at(path) is _integer and number.is_integer() else number


def _cast_at(path: KeyPath) -> Callable[[str], Any] | None:
    if len(path) < 3:
        return None
    if path[0] != "services":
        return _boolean if len(path) == 3 and path[2] in _TOP_BOOLEANS.get(path[0], ()) else None
    if path[2] not in _FIRST:
        return None
    keys = tuple("[]" if isinstance(key, int) else key for key in path[2:])
    if path[2] == "ulimits" and len(keys) > 1:
        keys = ("ulimits", "*", *keys[2:])
    return _SERVICE_KEYS.get(keys)
