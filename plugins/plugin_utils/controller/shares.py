"""The share of a host, with the secrets that another host has generated.

Place in the pipeline: before describe; used by the action plugins that write to a host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory, sealing
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.placement import Share

#: The variables with the result of ``share_secrets``, by the role that has asked for it.
_RESULTS = ("stack_shared", "secrets_shared")


def of(task_vars: Mapping[str, Any], given: Mapping[str, Any], base: Path, place: Mapping[str, Any]) -> Share:
    """Return the share of a host. Secrets that another host has generated have their values.

    :param given: the arguments of the action. :param place: the result of :func:`placement.of`.
    :raises ValueError: with one sentence about the first problem.
    """
    found = inventory.share_of(given, base, place)
    host = str(task_vars.get("inventory_hostname", ""))
    foreign = {name: owner for name, owner in found.shared.items() if owner != host}
    values = {name: _value(task_vars, name, owner) for name, owner in foreign.items()}
    return replace(found, stack=_with_values(found.stack, values))


def own(found: Share, host: str) -> dict[str, Secret]:
    """Return the secrets that a host generates for others, too."""
    return {name: found.stack.known_secrets[name] for name, owner in found.shared.items() if owner == host}


def _value(task_vars: Mapping[str, Any], name: str, owner: str) -> str | None:
    """Return the value that the owner has; ``None`` if nobody has asked it in this play."""
    variables = (task_vars.get("hostvars") or {}).get(owner) or {}
    found = ((variables.get(result) or {}).get("sealed", {}).get(name) for result in _RESULTS)
    sealed = next(filter(None, found), None)
    return sealing.unseal(name, str(sealed)) if sealed else None


def _with_values(stack: Stack, values: Mapping[str, str | None]) -> Stack:
    def given(secrets: Mapping[str, Secret]) -> dict[str, Secret]:
        return {
            name: Secret(name, value=value) if (value := values.get(name)) is not None else one
            for name, one in secrets.items()
        }

    return replace(stack, secrets=given(stack.secrets), known_secrets=given(stack.known_secrets))
