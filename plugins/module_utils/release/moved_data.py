"""Data that would be left behind: a data service whose host is another one than before, with a new and empty volume.

Place in the pipeline: target, ship. Each host knows what the live release of its own has and reaches. So the host that
has the data says so, and each host whose services read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def refusals(content: Mapping[str, Any], current: Mapping[str, Any] | None) -> list[str]:
    """Return a sentence for each data service that is on another host than in the live release.

    :param content: what the controller has sent: ``services``; ``elsewhere``, the hosts of the data services that this
        host does not have; ``moved_data``, the services whose data somebody has moved.
    :param current: the manifest of the live release.
    """
    if current is None:
        return []
    elsewhere, moved = content.get("elsewhere") or {}, content.get("moved_data") or []
    before, now = _reached(current["services"]), _reached(content["services"])
    result = []
    for name, host in elsewhere.items():
        if name in current["services"] and current["services"][name]["class"] == "stateful":
            volumes = ", ".join(_volumes(current["services"][name])) or "its container"
            result.append((name, f"its data is on this host, in {volumes}, and it would be on {host}"))
        elif name in before and name in now and before[name][0] != now[name][0]:
            result.append((name, f"it is at {before[name][0]}, and would be at {now[name][0]}, on {host}"))
    result += [
        (name, f"it is at {address}, and would be on this host")
        for name, (address, _port) in before.items()
        if name in content["services"]
    ]
    return [
        f"service '{name}': {what}, where it would start without its data; save it, restore it there, and deploy with "
        f'-e \'{{"stack_moved_data": ["{name}"]}}\'; or place it where it was'
        for name, what in result
        if name not in moved
    ]


def _reached(services: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, int]]:
    """Return address and port of each service on another host that a service needs."""
    return {
        name: (str(at[0]), int(at[1])) for spec in services.values() for name, at in spec.get("reaches", {}).items()
    }


def _volumes(spec: Mapping[str, Any]) -> list[str]:
    """Return the named volumes of a service."""
    mounts = (str(volume) for volume in spec["settings"].get("volumes") or [] if isinstance(volume, str))
    return [f"volume {mount.partition(':')[0]}" for mount in mounts if not mount.startswith(("/", "."))]
