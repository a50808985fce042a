# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stack's secrets onto the host, ahead of any release; documented in ``plugins/modules/secrets.py``."""

from __future__ import annotations

import json
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils import inventory, target


class ActionModule(ActionBase):
    """``slipway.stack.secrets``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(dict(inventory.ARGUMENTS))
        try:
            parcel = inventory.parcel(arguments, inventory.base_directory(task_vars))
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(
            self._execute_module(
                module_name="slipway.stack.store_secrets",
                module_args={
                    "home": parcel.home,
                    "files": list(parcel.secret_files),
                    "sources": json.dumps(parcel.secrets()),
                },
                task_vars=target.prepare(self, task_vars),
            )
        )
        return result
