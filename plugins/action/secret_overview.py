# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show a stack's secrets without their values; documented in ``plugins/modules/secret_overview.py``."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    module_call,
    secret_overview,
    terminal,
    without_version,
)


class ActionModule(ActionBase):
    """``slipway.stack.secret_overview``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        stack, bundle = without_version.described(self, task_vars, "secret_overview")
        sources = {**stack.known_secrets, **bundle.sources}
        answer = self._execute_module(
            module_name="slipway.stack._secret_overview",
            module_args={
                "home": bundle.home,
                "files": list(bundle.secret_files),
                "sources": json.dumps({name: one.source() for name, one in sources.items()}),
            },
            task_vars=module_call.prepare(self, task_vars),
        )
        if answer.get("failed"):
            return {**result, **answer}
        written = self._task.args.get("secrets", task_vars.get("stack_secrets"))
        overview = secret_overview.entries(stack, bundle, answer.pop("found"), written)
        terminal.show("\n".join(secret_overview.lines(task_vars.get("inventory_hostname", ""), overview)))
        return {**result, **answer, "overview": overview}
