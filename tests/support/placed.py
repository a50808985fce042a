"""The share of a host of a stack whose edge and services are on different hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import inner_edge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.placement import Share, share
from ansible_collections.slipway.stack.plugins.plugin_utils.description.places import Place
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle

from tests.support.descriptions import SECRETS, model

ADDRESSES = {"edge1": "10.0.0.1", "edge2": "10.0.0.2", "app1": "10.0.0.3", "app2": "10.0.0.4"}
GROUPS = {"edge": ("edge1", "edge2"), "app": ("app1", "app2"), "app1": ("app1",), "both": ("edge1", "app1")}


def share_of(
    host: str, services: dict[str, Any], secrets: Any = SECRETS, addresses: Mapping[str, str] = ADDRESSES
) -> Share:
    """Return the share of a host; the patterns of `hosts` in *services* are those of `GROUPS`."""
    groups = {**GROUPS, **{name: (name,) for name in ADDRESSES}}
    place = Place(host, tuple(ADDRESSES), groups, addresses, tuple(groups))
    stack = model(services, secrets)
    changed = inner_edge.written(services, stack, place)
    return share(stack, place, model(changed, secrets) if changed else None)


def apart(services: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return services of which the edge is on other hosts than all others."""
    return {name: {**one, "hosts": "edge" if name == "edge" else "app1"} for name, one in services.items()}


def release_of(
    host: str, services: dict[str, Any], secrets: Any = SECRETS, addresses: Mapping[str, str] = ADDRESSES
) -> bundle.Bundle:
    """Return the bundle of a host."""
    return bundle.bundle(share_of(host, services, secrets, addresses).stack, [])
