"""Which networks and volumes the rendered services use, and whether the inventory describes others by mistake.

Place in the pipeline: rendering, after the Compose documents. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import SHARED_SECTIONS
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose


def used(stack: Stack) -> dict[str, list[str]]:
    """Return the names of the networks and volumes that the services use, by section."""
    documents = (compose.base(stack, {}), compose.overlay(stack))
    return {section: [name for one in documents for name in one.get(section, {})] for section in SHARED_SECTIONS}


def check(stack: Stack, given: Mapping[str, Any], services: Collection[str]) -> None:
    """Refuse a name that no service uses: it is misspelt, and the service would keep its data in another volume.

    :param given: an action's arguments; ``networks`` and ``volumes`` count.
    :param services: the services of all environments. If this environment lacks one of them, nothing is refused: the
        name may be used there.
    :raises ValueError: with the name that was probably meant.
    """
    if not any(given.get(section) for section in SHARED_SECTIONS) or set(services) - set(stack.services):
        return
    names = used(stack)
    for section in SHARED_SECTIONS:
        for name in given.get(section) or {}:
            if name not in names[section]:
                hint = suggestion(name, names[section])
                raise ValueError(f"stack_{section}: no service has the {section[:-1]} {name!r}{hint}")
