# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remove superfluous images and show what that freed; documented in ``plugins/modules/prune_images.py``."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils import target, units

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.prune_images``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(
            self._execute_module(
                module_name="slipway.stack.prune_images",
                module_args=self._task.args,
                task_vars=target.prepare(self, task_vars),
            )
        )
        if result.get("changed"):
            host = task_vars.get("inventory_hostname", "")
            verbs = ("would remove", "would free at least") if self._task.check_mode else ("removed", "freed")
            for reference in result["removed"]:
                display.display(f"{host}  {verbs[0]} {reference}")
            display.display(f"{host}  {verbs[1]} {units.size_text(result['freed'])}")
        return result
