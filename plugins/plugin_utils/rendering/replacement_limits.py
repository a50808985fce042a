"""Which services cannot stand beside themselves, and which of those have to wait for the others.

Place in the pipeline: bundle; what comes out is read by ``module_utils/release/plan``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.plan import manner


def alone(keys: Mapping[str, Any]) -> str | None:
    """Return what keeps a second container of a Compose service from standing beside the first, ``None`` for nothing.

    Published ports and classes are told apart elsewhere.
    """
    if keys.get("container_name"):
        return "container_name"
    mode = str(keys.get("network_mode") or "")
    # What is in the network of the host may listen there; what is in another container's shares its ports.
    if mode == "host" or mode.startswith(("service:", "container:")):
        return "network_mode" if not keys.get("labels", {}).get("slipway.pod") else None
    networks = keys.get("networks")
    if isinstance(networks, Mapping):
        for options in networks.values():
            if isinstance(options, Mapping) and (options.get("ipv4_address") or options.get("ipv6_address")):
                return "its own address"
    return "mac_address" if keys.get("mac_address") else None


def in_turn(services: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the entries of a manifest, each told whether it is ``late``: replaced in place, but needing what rolls.

    Such a one is replaced when the new containers of the others are there: a proxy that looks names up when it starts
    would not start without them.
    """
    result = {name: dict(facts) for name, facts in services.items()}
    for name, facts in result.items():
        facts["late"] = manner(facts) in ("in place", "run") and _needs_rolling(name, services, set())
    return result


def _needs_rolling(name: str, services: Mapping[str, Mapping[str, Any]], seen: set[str]) -> bool:
    for other in services[name]["depends_on"]:
        if other in services and other not in seen:
            seen.add(other)
            if manner(services[other]) in ("beside", "instead") or _needs_rolling(other, services, seen):
                return True
    return False
