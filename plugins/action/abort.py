# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell a rollout on the host to revert, and show its steps; documented in ``plugins/modules/abort.py``."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, module_call, report, terminal


class ActionModule(ActionBase):
    """``slipway.stack.abort``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        host = task_vars.get("inventory_hostname", "")
        given = arguments.given(self, task_vars, "abort")
        given["owner"] = given.get("owner") or module_call.owner()
        variables = module_call.prepare(self, task_vars)
        timeout = int(given.get("timeout", 600))
        deadline = time.monotonic() + timeout
        records: list[dict[str, Any]] = []
        while True:
            answer = self._execute_module(module_name="slipway.stack.abort", module_args=given, task_vars=variables)
            if answer.get("failed"):
                return {**result, **answer}
            for record in answer["records"]:
                if record["text"]:
                    terminal.show(f"{host}  {report.step_line(record)}")
            records += answer["records"]
            if not records and "msg" in answer:
                terminal.show(f"{host}  {answer['msg']}")
            elif "msg" in answer:
                return {**result, **answer, "records": records}
            # Without an offset in the journal there is nothing to follow.
            if "offset" not in answer:
                return {**result, **answer}
            if time.monotonic() > deadline:
                return {**result, "failed": True, "msg": _not_ended(answer["release"], timeout)}
            given.update(offset=answer["offset"], release=answer["release"])


def _not_ended(release: str, timeout: int) -> str:
    return (
        f"the rollout of {release} has not ended within {timeout} s; it was told to revert, and does so as soon as it "
        "can; look with playbooks/status.yml"
    )
