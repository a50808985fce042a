# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Add production's host for a refresh; documented in ``plugins/modules/refresh_source.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh import lookup_tables, rules_file
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh.lookup_tables import FakerMissingError

_GROUP = "refresh_source"


class ActionModule(ActionBase):
    """``slipway.stack.refresh_source``."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars or {}, "refresh_source")
        if given.get("rules_file"):
            try:
                rules_file.read(Path(self._loader.path_dwim(given["rules_file"])))
                lookup_tables.make(given["locale"])
            except (FakerMissingError, ValueError) as error:
                raise AnsibleActionFail(str(error)) from None
        source = dict(given["source"])
        connection = {str(name): value for name, value in source.pop("connection").items()}
        wrong = sorted(name for name in connection if not name.startswith("ansible_"))
        if wrong:
            raise AnsibleActionFail(
                f"refresh_source: connection has {', '.join(wrong)}; it must have variables of the connection only, "
                "such as ansible_user"
            )
        added = {"host_name": source["host"], "groups": [_GROUP], "host_vars": connection}
        # The variables of the connection may have a password. A verbose run shows what an action returns.
        return {**result, "changed": False, "add_host": added, "source": source, "_ansible_no_log": True}
