# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verify the live release and show its services as a table; documented in ``plugins/modules/verify.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import report, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.verify``."""

    MODULE = "slipway.stack.verify"

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        shipped = (task_vars or {}).get("stack_release")
        would_deploy = isinstance(shipped, Mapping) and shipped.get("changed")
        if self._task.check_mode and would_deploy and "release" in result and result["release"] is None:
            # The first release is on the host after a real deploy only.
            return {"changed": False, "release": None, "services": [], "problems": [], "ports": [], "addresses": []}
        return result

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return the table of services, and the reason why one is down."""
        # In a failed result the detail would be shown a second time.
        detail = result.get("detail", []) if terminal.is_for_programs() else result.pop("detail", [])
        lines = report.state_lines(result.get("services", [])) + detail
        return [f"release {result.get('release')} on {host}:", *(f"  {line}" for line in lines)] if lines else []
