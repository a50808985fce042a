# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get, renew or replace the certificate of the edge; documented in ``plugins/modules/certificate.py``."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    module_call,
    report,
    server_program,
    terminal,
)

_ACCOUNT = ("email", "server", "staging", "eab_kid", "eab_hmac_key")


class ActionModule(ActionBase):
    """``slipway.stack.certificate``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "certificate")
        program = server_program.pack("certificates.program")
        names = ("name", "root", "release", "verb", "revoke", "chain", "key", "required", "timeout")
        module_args = {
            **{name: given[name] for name in names},
            "account": {**{name: given[name] for name in _ACCOUNT}, "options": given["certbot_options"]},
            "owner": module_call.owner(),
            "program_digest": hashlib.sha256(program).hexdigest(),
        }
        answer = self._call(module_args, task_vars)
        if answer.get("needs_program"):
            # It is large, and a host that has had a deploy has it.
            answer = self._call({**module_args, "program": base64.b64encode(program).decode()}, task_vars)
        answer.pop("needs_program", None)
        result.update(answer)
        if result.get("certificate") and not result.get("missing"):
            terminal.show("\n".join(report.certificate_lines(result["certificate"])))
        return result

    def _call(self, module_args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="slipway.stack._certificate",
            module_args=module_args,
            task_vars=module_call.prepare(self, task_vars),
        )
        return answer
