"""What an inventory says of networks and volumes that services share: Compose's own keys, by name.

Place in the pipeline: beside the model, for ``compose``. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.resources import SECTIONS
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose


def read(given: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what is said of networks and volumes, by these two words.

    :param given: has ``networks`` and ``volumes`` as the inventory writes them; they count over those *found* in files.
    :raises ValueError: for one that is no mapping of Compose's keys.
    """
    result: dict[str, dict[str, Any]] = {}
    for section in SECTIONS:
        said = given.get(section) or {}
        for name, keys in said.items():
            if not isinstance(keys, (Mapping, type(None))):
                raise ValueError(f"stack_{section}, {name!r}: {keys!r} is not a mapping of Compose's keys to values")
        result[section] = {**found.get(section, {}), **{name: dict(keys or {}) for name, keys in said.items()}}
    return result


def used(stack: Stack) -> dict[str, list[str]]:
    """Return the names of the networks and volumes that the services have."""
    documents = (compose.base(stack, {}), compose.overlay(stack))
    return {section: [name for one in documents for name in one.get(section, {})] for section in SECTIONS}


def check(stack: Stack, given: Mapping[str, Any], services: Collection[str]) -> None:
    """Refuse a name that no service has: misspelt, it would leave data in a volume where nobody looks.

    :param services: those of all environments; where this one lacks some, theirs may be the names.
    :raises ValueError: with the name that was probably meant.
    """
    if not any(given.get(section) for section in SECTIONS) or set(services) - set(stack.services):
        return
    names = used(stack)
    for section in SECTIONS:
        for name in given.get(section) or {}:
            if name not in names[section]:
                hint = suggestion(name, names[section])
                raise ValueError(f"stack_{section}: no service has the {section[:-1]} {name!r}{hint}")
