# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Give a stack the data of a masked snapshot and show the steps; documented in ``plugins/modules/refresh.py``."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    module_call,
    report,
    terminal,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.answers import NotEnded, answers


class ActionModule(ActionBase):
    """``slipway.stack.refresh``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        host = task_vars.get("inventory_hostname", "")
        given = arguments.given(self, task_vars, "refresh")
        given["owner"] = given.get("owner") or module_call.owner()
        variables = module_call.prepare(self, task_vars)
        timeout = int(given.get("timeout", 43200))

        def call(module_arguments: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = self._execute_module(
                module_name="slipway.stack.refresh", module_args=module_arguments, task_vars=variables
            )
            return answer

        records: list[dict[str, Any]] = []
        try:
            for answer in answers(call, given, timeout):
                result.update(answer)
                for record in answer.get("records", []):
                    if record["text"] and (record["step"], record["state"]) != ("end", "failed"):
                        terminal.show(f"{host}  {report.step_line(record)}")
                records += answer.get("records", [])
                if records and records[-1]["step"] == "end":
                    break
        except NotEnded:
            return {**result, "failed": True, "msg": f"it has not ended after {timeout} s, and goes on on the host"}
        if records and records[-1]["state"] == "failed":
            return {**result, "failed": True, "msg": report.failure(records), "records": []}
        return {**result, "records": records}
