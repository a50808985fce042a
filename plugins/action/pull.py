# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pull the images of the described stack on the host; documented in ``plugins/modules/pull.py``."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, inventory, placement
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.pull``."""

    MODULE = "slipway.stack._pull_images"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the images of the description."""
        given = arguments.complete(self, task_vars, "pull")
        try:
            place = placement.of(task_vars, given)
            stack = inventory.without_secrets(given, inventory.base_directory(task_vars), place)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        return {"services": {service.name: service.image for service in stack.services.values()}}

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return the pulled images."""
        verb = "would pull" if self._task.check_mode else "pulled"
        return [f"{host}  {verb} {pinned}" for pinned in result.get("pulled", [])]
