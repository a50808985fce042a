"""Which Compose keys keep a service from running twice at the same time.

Place in the pipeline: description, for the update strategy and for the manifest. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def single_instance_reason(keys: Mapping[str, Any]) -> str | None:
    """Return the key that keeps a second container of a service from starting beside the first, ``None`` for none.

    :param keys: the service's Compose keys. Published ports and update strategies are judged elsewhere.
    """
    if keys.get("container_name"):
        return "container_name"
    mode = str(keys.get("network_mode") or "")
    # In the host's network or another container's, two containers would listen on the same port.
    if mode == "host" or mode.startswith(("service:", "container:")):
        return "network_mode" if not keys.get("labels", {}).get("slipway.pod") else None
    for key in ("ipc", "pid"):
        if str(keys.get(key) or "").startswith(("service:", "container:")):
            return key
    networks = keys.get("networks")
    if isinstance(networks, Mapping):
        for options in networks.values():
            if isinstance(options, Mapping) and (options.get("ipv4_address") or options.get("ipv6_address")):
                return "its own address"
    return "mac_address" if keys.get("mac_address") else None
