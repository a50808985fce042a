# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verify what runs and show it as a table; documented in ``plugins/modules/verify.py``."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils import report, target

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.verify``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(
            self._execute_module(
                module_name="slipway.stack.verify",
                module_args=self._task.args,
                task_vars=target.prepare(self, task_vars),
            )
        )
        host = task_vars.get("inventory_hostname", "")
        lines = report.state_lines(result.get("services", [])) + result.get("detail", [])
        if lines:
            heading = f"release {result.get('release')} on {host}:"
            display.display("\n".join([heading, *(f"  {line}" for line in lines)]))
        # On the screen already; in a failed result it would be there a second time.
        result.pop("detail", None)
        return result
