# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Check the names of the variables that are set; documented in ``plugins/modules/variables.py``."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments


class ActionModule(ActionBase):
    """``slipway.stack.variables``."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        problems = arguments.misspelt(self, task_vars or {})
        if problems:
            raise AnsibleActionFail("\n".join(problems))
        return {**result, "changed": False}
