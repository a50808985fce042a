# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read the logs of a host, or follow them; documented in ``plugins/modules/logs.py``."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.color import stringc
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    log_lines,
    module_call,
    terminal,
)


class ActionModule(ActionBase):
    """``slipway.stack.logs``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action. With ``follow``, call the module again and again, each time from where it has ended."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "logs")
        variables = module_call.prepare(self, task_vars)
        host, several = task_vars.get("inventory_hostname", ""), len(task_vars.get("ansible_play_hosts_all") or []) > 1
        deadline = time.monotonic() + given["follow_for"]
        while True:
            answer = self._execute_module(module_name="slipway.stack.logs", module_args=given, task_vars=variables)
            if answer.get("failed") or not given["follow"]:
                return {**result, **answer}
            lines = log_lines.followed(host, answer, several, stringc)
            if lines:
                terminal.show("\n".join(lines))
            if time.monotonic() > deadline:
                terminal.show(f"{host}  followed for {given['follow_for']} s; longer with -e follow_for=SECONDS")
                return {**result, **answer, "lines": []}
            given["cursor"] = answer["until"]
