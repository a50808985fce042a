# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show the state of a stack on a host; documented in ``plugins/modules/status.py``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import report
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.status``."""

    MODULE = "slipway.stack.status"

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return the table of services and the differences from the release."""
        return [] if result.get("failed") or self._task.args.get("quiet") else report.status_lines(host, result)
