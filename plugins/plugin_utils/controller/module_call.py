"""How the action plugins reach the host: few round trips, without asking the user to configure them.

Most of them are one call of a module and lines for a person about what came of it: :class:`OneCall`.

Place in the pipeline: between controller and target.
"""

from __future__ import annotations

import getpass
import socket
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments

_PYTHON = "/usr/bin/python3"

display = Display()


def prepare(action: ActionBase, task_vars: dict[str, Any]) -> dict[str, Any]:
    """Turn pipelining on for *action*'s connection and return variables that name the host's Python.

    Pipelining spares five of six SSH executions of a module, a named interpreter one a host. Whatever the inventory or
    the configuration says of either goes before.
    """
    connection = action._connection
    # Not by a look for the variable: Ansible itself sets ansible_pipelining for every task.
    if connection.get_option_and_origin("pipelining")[1] == "default":
        connection.set_option("pipelining", True)
    if str(constants.INTERPRETER_PYTHON).startswith("auto"):
        return {"ansible_python_interpreter": _PYTHON, **task_vars}
    return task_vars


def owner() -> str:
    """Return who deploys from where, such as ``ada@laptop``."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class OneCall(ActionBase):
    """An action that is one call of ``MODULE`` on the host."""

    MODULE: str
    _supports_check_mode = True

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the module's arguments: by default what the task or the variables say."""
        return arguments.given(self, task_vars, self.MODULE.rpartition(".")[2])

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return what the person at the terminal reads of *result*; what a line has said may be taken out of it."""
        return []

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(
            self._execute_module(
                module_name=self.MODULE,
                module_args=self.arguments(task_vars),
                task_vars=prepare(self, task_vars),
            )
        )
        lines = self.lines(task_vars.get("inventory_hostname", ""), result)
        if lines:
            display.display("\n".join(lines))
        return result
