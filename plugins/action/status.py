# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show what is on a host of one stack; documented in ``plugins/modules/status.py``."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils import report, target

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.status``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(
            self._execute_module(
                module_name="slipway.stack.status",
                module_args=self._task.args,
                task_vars=target.prepare(self, task_vars),
            )
        )
        if not result.get("failed"):
            display.display("\n".join(report.status_lines(task_vars.get("inventory_hostname", ""), result)))
        return result
