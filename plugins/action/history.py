# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show what was done to a stack on a host; documented in ``plugins/modules/history.py``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import documents
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.history``."""

    MODULE = "slipway.stack.history"

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return a line for each entry."""
        if result.get("failed") or self._task.args.get("quiet"):
            return []
        return documents.history_lines(host, result)
