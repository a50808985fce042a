"""The other environments of a stack, from ``stack_policy_environments`` to what the policy compares a release with.

Place in the pipeline: beside check. About 40 ms for each environment, nothing where there is none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory, other_inventories
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Stack

_VARIABLE = "stack_policy_environments"
_ARGUMENTS: dict[str, dict[str, Any]] = {
    **inventory.SERVICE_ARGUMENTS,
    **inventory.SHARED_ARGUMENTS,
    "version": {"type": "str", "default": ""},
}


@dataclass(frozen=True)
class Others:
    """``stacks`` by environment, and a sentence for each environment that cannot be compared with."""

    stacks: Mapping[str, Stack] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def others(given: Any, environment: str, base: Path, group: str, playbook: str = "") -> Others:
    """Return the environments that *given* names by their inventories, without *environment* itself.

    One that cannot be had does not end the deploy, it is only said: a production that is to be repaired must not wait
    for staging.

    :param given: ``stack_policy_environments``: an inventory's path, relative to *base*, by environment.
    :param group: the hosts that are deployed to, see :func:`elsewhere.described`.
    :raises ValueError: for a path that is none.
    """
    stacks, notes = {}, []
    for name, path in given.items():
        if not isinstance(path, str) or not path:
            raise ValueError(f"{_VARIABLE}: {name}: {path!r} is not the path of an inventory, such as ../{name}")
        if name == environment:
            continue
        where = Path(os.path.abspath(base / path))
        try:
            stacks[name] = _described(name, where, group, playbook)
        except ValueError as error:
            notes.append(f"{name} is not compared with: {where}: {error}")
    return Others(stacks, tuple(notes))


def _described(environment: str, where: Path, group: str, playbook: str) -> Stack:
    """Return the stack that an inventory describes, as the policy sees it.

    :raises ValueError: for what cannot be read, is no description, or is one of another environment.
    """
    told, variables = other_inventories.described(where, _ARGUMENTS, group, playbook)
    if told["environment"] != environment:
        raise ValueError(f"stack_environment is {told['environment']} there")
    services = {name: _without_contents(given) for name, given in told["services"].items()}
    documents = inventory.documents({**told, "services": services}, inventory.base_directory(variables))
    return release_check.stack(documents, {}, services, told["version"])


def _without_contents(given: Any) -> Any:
    """Return a service without what neither its name nor its image depends on, and that may not be there to be read."""
    return {key: value for key, value in given.items() if key != "files"} if isinstance(given, Mapping) else given
