# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask a host for the secrets that it generates for others; documented in ``plugins/modules/share_secrets.py``."""

from __future__ import annotations

import json
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    inventory,
    module_call,
    placement,
    sealing,
    shares,
)


class ActionModule(ActionBase):
    """``slipway.stack.share_secrets``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "share_secrets", partly=("services", "compose_variables"))
        place = placement.of(task_vars, given)
        if not place:
            return {**result, "changed": False, "sealed": {}}
        try:
            share = inventory.share_of(given, inventory.base_directory(task_vars), place)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        asked = shares.own(share, place["host"])
        if not asked:
            return {**result, "changed": False, "sealed": {}}
        sources = {name: secret.source() for name, secret in asked.items()}
        answer = self._execute_module(
            module_name="slipway.stack._share_secrets",
            module_args={"home": share.stack.home, "sources": json.dumps(sources)},
            task_vars=module_call.prepare(self, task_vars),
        )
        values = answer.pop("values", {})
        return {**result, **answer, "sealed": {name: sealing.seal(name, value) for name, value in values.items()}}
