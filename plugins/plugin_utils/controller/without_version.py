"""The stack and its bundle before anybody knows the version of an image: secrets do not depend on it.

Place in the pipeline: before describe; used by the actions that only need the secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, inventory, placement, shares
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle


def described(action: ActionBase, task_vars: dict[str, Any], module: str) -> tuple[Stack, bundle.Bundle]:
    """Return the stack that the variables of a host describe, and its bundle.

    :param module: the one that documents the action.
    :raises AnsibleActionFail: with a sentence about the first problem, or one for each secret without a value.
    """
    given = arguments.complete(action, task_vars, module, partly=("services", "compose_variables"))
    variables = task_vars.get("stack_compose_variables")
    if isinstance(variables, Mapping):
        given["compose_variables"] = {**dict.fromkeys(variables, "unknown"), **given["compose_variables"]}
    try:
        base = inventory.base_directory(task_vars)
        share = shares.of(task_vars, given, base, placement.of(task_vars, given))
        return share.stack, inventory.bundle_of(given, base, share)
    except ValueError as error:
        raise AnsibleActionFail(str(error)) from None
