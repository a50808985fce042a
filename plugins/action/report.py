# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what a report says about a host; documented in ``plugins/modules/report.py``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.report``."""

    MODULE = "slipway.stack.report"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the module's arguments, without what it need not know of the rollouts of other hosts."""
        given = super().arguments(task_vars)
        if given.get("around") is not None:
            given["around"] = [{key: one[key] for key in ("start", "end")} for one in given["around"]]
        return given
