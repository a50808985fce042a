"""Limits that follow from others: no swap beyond the memory, and a number of processes.

Place in the pipeline: rendering, under ``compose``. Pure. Without ``memswap_limit`` Docker lets a container use as much
swap as it may use memory. A service that is out of memory would then slow down the whole server, not fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import hardening
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import lay_over


def complete(keys: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Compose keys of a service with both limits.

    :param chosen: the keys that the description sets itself. A limit in it is kept, also one that it removes.
    """
    result = dict(keys)
    pids = _limits(keys).get("pids") or keys.get("pids_limit") or (None if "pids_limit" in chosen else hardening.PIDS)
    if pids is not None:
        result = _with_pids(result, pids)
    memory = _limits(keys).get("memory") or keys.get("mem_limit")
    if memory and "memswap_limit" not in chosen:
        result["memswap_limit"] = memory
    return result


def changed(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of an overlay, with the limits that follow from those that it changes or removes."""
    result = dict(keys)
    deploy = keys.get("deploy", {})
    removed = deploy is None or any(one is None for one in _path(deploy))
    memory = _limits(keys).get("memory") or keys.get("mem_limit")
    if "memswap_limit" not in keys and (removed or memory):
        result["memswap_limit"] = memory or None
    if "pids_limit" in keys or "pids" in _limits(keys):
        pids = _limits(keys).get("pids", keys.get("pids_limit"))
        result = {**result, "pids_limit": pids}
        if deploy is not None and (deploy or {}).get("resources", {}) is not None:
            result["deploy"] = lay_over(deploy or {}, {"resources": {"limits": {"pids": pids}}})
    return result


def _with_pids(keys: Mapping[str, Any], pids: Any) -> dict[str, Any]:
    """Return the keys with a limit of processes. Compose refuses one that differs from that of ``deploy``."""
    result = {**keys, "pids_limit": pids}
    if _limits(keys):
        result["deploy"] = lay_over(keys["deploy"], {"resources": {"limits": {"pids": pids}}})
    return result


def _path(deploy: Mapping[str, Any]) -> list[Any]:
    """Return the values on the way to the memory limit: of ``resources``, ``limits`` and ``memory``."""
    found: list[Any] = []
    value: Any = deploy
    for key in ("resources", "limits", "memory"):
        if not isinstance(value, Mapping) or key not in value:
            break
        value = value[key]
        found.append(value)
    return found


def _limits(keys: Mapping[str, Any]) -> Mapping[str, Any]:
    value: Any = keys
    for key in ("deploy", "resources", "limits"):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
