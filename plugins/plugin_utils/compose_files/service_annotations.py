"""What people say of their files' services: under ``x-slipway`` in the file, and in the inventory, which counts more.

Place in the pipeline: project -> describe. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import mapping
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import lay_over as keys_over
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map

#: Mappings to which a note adds, where everything else it replaces.
_ADDED = ("environment", "files", "compose", "environments")


def notes_of(top: Map, services: Map, inventory: Mapping[str, Any]) -> dict[str, Any]:
    """Return by service all that is said of it beside the Compose keys; ``None`` for one that is to be left out.

    :param inventory: ``stack_services``; an entry with a ``kind`` is a service of its own, and may replace one.
    """
    found: dict[str, Any] = {}
    layers = [
        mapping(mapping(top.get("x-slipway")).get("services")),
        {name: service["x-slipway"] for name, service in services.items() if isinstance(service.get("x-slipway"), Map)},
        inventory,
    ]
    for layer in layers:
        for name, given in layer.items():
            before = found.get(str(name))
            if isinstance(given, Mapping) and isinstance(before, Mapping) and "kind" not in given:
                found[str(name)] = lay_over(before, given)
            else:
                found[str(name)] = given
    return found


def lay_over(service: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service with what is said of it laid over, volumes by their path in the container."""
    result = dict(service)
    for key, value in given.items():
        if key in _ADDED and isinstance(value, Mapping):
            result[key] = keys_over(result.get(key) or {}, value)
        elif key == "volumes" and isinstance(value, list):
            mine = targets(value)
            kept = [volume for volume in result.get("volumes", []) if not targets([volume]) & mine]
            result[key] = [*kept, *value]
        else:
            result[key] = value
    return result


def targets(volumes: Any) -> set[str]:
    """Return the paths in the container of volumes in Compose's short notation."""
    found = (str(volume).split(":") for volume in volumes if volume) if isinstance(volumes, list) else ()
    return {(parts[1] if len(parts) > 1 else parts[0]).rstrip("/") or "/" for parts in found}
