# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Save, check or restore the data of a stack and show the steps; documented in ``plugins/modules/backup.py``."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    followed_work,
    module_call,
)


class ActionModule(ActionBase):
    """``slipway.stack.backup``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.given(self, task_vars, "backup")
        given["owner"] = given.get("owner") or module_call.owner()
        variables = module_call.prepare(self, task_vars)

        def call(module_arguments: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = self._execute_module(
                module_name="slipway.stack.backup", module_args=module_arguments, task_vars=variables
            )
            return answer

        return {**result, **followed_work.follow(call, given, task_vars.get("inventory_hostname", ""))}
