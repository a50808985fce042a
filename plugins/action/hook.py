# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a command of a team around a verb of a rollout; documented in ``plugins/modules/hook.py``."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.module_utils.engine import bounded_program
from ansible_collections.slipway.stack.plugins.module_utils.state.masking import Mask, printable
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    deploy_hooks,
    inventory,
    module_call,
    telling_host,
    terminal,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.deploy_hooks import CONTROLLER, Hook
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_sources
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret


class ActionModule(ActionBase):
    """``slipway.stack.hook``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        # A rollback must work without a store of secrets that is down. What it would have given is not masked then.
        given = arguments.complete(self, task_vars, "hook", partly=("secrets",))
        try:
            secrets = secret_sources.read(given["secrets"])
            [hook] = deploy_hooks.read([given["hook"]], math.inf, secrets)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        host = str(task_vars.get("inventory_hostname", ""))
        if hook.run_on == CONTROLLER and host != telling_host.choose(task_vars):
            return {**result, "skipped": True, "changed": False}
        if self._task.check_mode:
            terminal.show(f"would run {hook.about(host)}: {shlex.join(hook.command)}")
            return {**result, "changed": True}
        told = deploy_hooks.told(hook, task_vars.get("ansible_play_hosts") or [host], host)
        answer = self._execute_module(
            module_name="slipway.stack._hook",
            module_args={
                **{name: given[name] for name in ("name", "root", "release")},
                "command": [] if hook.run_on == CONTROLLER else list(hook.command),
                "timeout": hook.timeout,
                "told": told,
            },
            task_vars=module_call.prepare(self, task_vars),
        )
        if answer.get("failed"):
            problem = f"could not be run: {answer.get('msg')}"
            return {**result, **_judged(hook, host, problem, []), "changed": False}
        if hook.run_on == CONTROLLER:
            answer = _run_here(hook, str(inventory.base_directory(task_vars)), {**answer["variables"], **told})
        lines = deploy_hooks.last_lines(_masked(answer["output"], secrets))
        how = deploy_hooks.failure(hook, answer["code"], answer["problem"])
        shown = how or f"ended after {answer['seconds']:.1f} s"
        terminal.show("\n".join([f"{hook.about(host)} {shown}", *(f"  {line}" for line in lines)]))
        result.update(changed=True, code=answer["code"], seconds=round(answer["seconds"], 1), lines=lines)
        return {**result, **(_judged(hook, host, how, lines) if how else {})}


def _run_here(hook: Hook, folder: str, told: Mapping[str, str]) -> dict[str, Any]:
    """Run a hook on the controller. :return: as the module does."""
    try:
        ended = bounded_program.run(hook.command, hook.timeout, folder, {**os.environ, **told})
    except OSError as error:
        return {"code": None, "output": "", "seconds": 0.0, "problem": str(error)}
    return {"code": ended.code, "output": ended.output, "seconds": ended.seconds, "problem": ""}


def _masked(output: str, secrets: Mapping[str, Secret]) -> str:
    values = [secret.value.encode("utf-8", "surrogateescape") for secret in secrets.values() if secret.value]
    return printable(Mask(values).text(output))


def _judged(hook: Hook, host: str, how: str, lines: list[str]) -> dict[str, Any]:
    """Return what the failure of a hook is to the task: its failure, or a warning."""
    sentence = f"{hook.about(host)} {how}" + (f"; its output ends with: {' / '.join(lines[-3:])}" if lines else "")
    return {"failed": True, "msg": sentence} if hook.stops else {"warnings": [sentence]}
