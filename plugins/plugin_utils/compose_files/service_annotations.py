"""The annotations of services: ``x-slipway`` in the Compose files, and the inventory, which takes precedence.

Place in the pipeline: compose_files -> describe. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import mapping
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import lay_over as merge_keys

#: Mappings that are merged; an annotation replaces any other key.
_MERGED_KEYS = ("environment", "files", "compose", "environments")


def collect(top: Map, services: Map, inventory: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations by service; ``None`` for a service that is left out.

    :param inventory: ``stack_services``; an entry with a ``kind`` is a complete service, and replaces one of the files.
    """
    found: dict[str, Any] = {}
    layers = [
        mapping(mapping(top.get("x-slipway")).get("services")),
        {name: service["x-slipway"] for name, service in services.items() if isinstance(service.get("x-slipway"), Map)},
        inventory,
    ]
    for layer in layers:
        for name, entry in layer.items():
            before = found.get(str(name))
            if isinstance(entry, Mapping) and isinstance(before, Mapping) and "kind" not in entry:
                found[str(name)] = annotate(before, entry)
            else:
                found[str(name)] = entry
    return found


def annotate(service: Mapping[str, Any], annotation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service with an annotation merged into it; a volume replaces the one at the same path."""
    result = dict(service)
    for key, value in annotation.items():
        if key in _MERGED_KEYS and isinstance(value, Mapping):
            result[key] = merge_keys(result.get(key) or {}, value)
        elif key == "volumes" and isinstance(value, list):
            paths = container_paths(value)
            kept = [volume for volume in result.get("volumes", []) if not container_paths([volume]) & paths]
            result[key] = [*kept, *value]
        else:
            result[key] = value
    return result


def container_paths(volumes: Any) -> set[str]:
    """Return the paths in the container of volumes in Compose's short or long notation."""
    return {_container_path(volume) for volume in volumes if volume} if isinstance(volumes, list) else set()


def _container_path(volume: Any) -> str:
    if isinstance(volume, Mapping):
        return str(volume.get("target")).rstrip("/") or "/"
    parts = str(volume).split(":")
    return (parts[1] if len(parts) > 1 else parts[0]).rstrip("/") or "/"
