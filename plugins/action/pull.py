# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fetch the described stack's images onto the host; documented in ``plugins/modules/pull.py``."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils import inventory, target

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.pull``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(dict(inventory.SERVICE_ARGUMENTS))
        try:
            stack = inventory.without_secrets(arguments, inventory.base_directory(task_vars))
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(
            self._execute_module(
                module_name="slipway.stack.pull_images",
                module_args={"services": {service.name: service.image for service in stack.services.values()}},
                task_vars=target.prepare(self, task_vars),
            )
        )
        host = task_vars.get("inventory_hostname", "")
        verb = "would pull" if self._task.check_mode else "pulled"
        for pinned in result.get("pulled", []):
            display.display(f"{host}  {verb} {pinned}")
        return result
