# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verify the live release and show it as a table; documented in ``plugins/modules/verify.py``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import report
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.verify``."""

    MODULE = "slipway.stack.verify"

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return the table of services, and the lines that show why one is down."""
        # A failed result would show these lines again.
        lines = report.state_lines(result.get("services", [])) + result.pop("detail", [])
        return [f"release {result.get('release')} on {host}:", *(f"  {line}" for line in lines)] if lines else []
