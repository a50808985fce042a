"""Networks and volumes that an inventory describes itself: Compose's own keys, by name.

Place in the pipeline: description, beside the services. ``rendering/resources`` checks that a service uses each. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import SHARED_SECTIONS


def read(given: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the Compose keys of networks and volumes, as ``{"networks": {NAME: KEYS}, "volumes": {NAME: KEYS}}``.

    :param given: an action's arguments; ``networks`` and ``volumes`` as the inventory writes them count.
    :param found: the same of a team's own Compose files; what the inventory says of a name replaces it.
    :raises ValueError: for an entry that is not a mapping of Compose keys.
    """
    result: dict[str, dict[str, Any]] = {}
    for section in SHARED_SECTIONS:
        said = given.get(section) or {}
        for name, keys in said.items():
            if not isinstance(keys, (Mapping, type(None))):
                raise ValueError(f"stack_{section}, {name!r}: {keys!r} is not a mapping of Compose's keys to values")
        result[section] = {**found.get(section, {}), **{name: dict(keys or {}) for name, keys in said.items()}}
    return result
