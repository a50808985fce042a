# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Close the edge for maintenance, or open it; documented in ``plugins/modules/maintenance.py``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import module_call, report
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.maintenance``."""

    MODULE = "slipway.stack.maintenance"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the module's arguments, with who does it."""
        found = super().arguments(task_vars)
        return {**found, "owner": found.get("owner") or module_call.owner()}

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return whether the edge is closed now."""
        if result.get("failed") or self._task.check_mode:
            return []
        return [f"{host}  {report.maintenance_line(result['maintenance'])}"]
