"""The other environments of a stack, read from ``stack_policy_environments`` for the policy to compare.

Place in the pipeline: next to check. It takes about 40 ms for each environment, and no time if there is none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, inventory, other_inventories
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Stack

_VARIABLE = "stack_policy_environments"


@dataclass(frozen=True)
class OtherEnvironments:
    """``stacks`` by environment, and a sentence for each environment that cannot be compared."""

    stacks: Mapping[str, Stack] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_environments(
    inventories: Any, environment: str, base: Path, group: str, playbook: str = ""
) -> OtherEnvironments:
    """Return the environments of *inventories*, without *environment* itself.

    An environment that cannot be read is reported and does not stop the deploy: a repair of production must not wait
    for staging.

    :param inventories: ``stack_policy_environments``: by environment, the path of its inventory, relative to *base*.
    :param group: the group that is deployed to, see :func:`other_inventories.read_variables`.
    :raises ValueError: for an entry that is not a path.
    """
    stacks, notes = {}, []
    for name, path in inventories.items():
        if not isinstance(path, str) or not path:
            raise ValueError(f"{_VARIABLE}: {name}: {path!r} is not the path of an inventory, such as ../{name}")
        if name == environment:
            continue
        folder = Path(os.path.abspath(base / path))
        try:
            stacks[name] = _read_stack(name, folder, group, playbook)
        except ValueError as error:
            notes.append(f"{name} is not compared: {folder}: {error}")
    return OtherEnvironments(stacks, tuple(notes))


def _read_stack(environment: str, folder: Path, group: str, playbook: str) -> Stack:
    """Return the stack that an inventory describes, in the form of the policy.

    :raises ValueError: if it cannot be read, its description is wrong, or it is for another environment.
    """
    compared = {**arguments.fragments("stack", "services", "shared"), "version": arguments.spec("release")["version"]}
    given, variables = other_inventories.read_variables(folder, compared, group, playbook)
    if given["environment"] != environment:
        raise ValueError(f"stack_environment is {given['environment']} there")
    services = {name: _without_files(entry) for name, entry in given["services"].items()}
    documents = inventory.documents({**given, "services": services}, inventory.base_directory(variables))
    return release_check.stack(documents, {}, services, given["version"])


def _without_files(entry: Any) -> Any:
    """Return a service without its files: the comparison does not need them, and they may be missing here."""
    return {key: value for key, value in entry.items() if key != "files"} if isinstance(entry, Mapping) else entry
