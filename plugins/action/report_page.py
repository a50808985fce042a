# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write a report of a stack as one page; documented in ``plugins/modules/report_page.py``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.report import page
from ansible_collections.slipway.stack.plugins.plugin_utils.report.page_file import write


class ActionModule(ActionBase):
    """``slipway.stack.report_page``."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "report_page")
        results = given["hosts"]
        name = str(given["name"])
        silent = [str(one.get("msg")) for one in results.values() if "facts" not in one]
        if len(silent) == len(results):
            raise AnsibleActionFail(f"no host has answered, so there is nothing to report: {'; '.join(silent)}")
        path = Path(str(given["path"] or f"report-{name}.html")).expanduser().absolute()
        counted = [window for one in given["requests"].values() for window in one.get("requests") or []]
        text = page.page(name, results, counted, given["rollouts"], time.time())
        if not self._task.check_mode:
            try:
                write(path, text)
            except ValueError as error:
                raise AnsibleActionFail(f"report_path: {error}") from None
            terminal.show(f"report of {name}: {path}")
        return {**result, "changed": True, "path": str(path)}
