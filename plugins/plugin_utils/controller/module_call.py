"""The call of a module on the host, with few SSH round trips and without configuration by the user.

Most action plugins call one module and print lines about its result: :class:`OneCall`.

Place in the pipeline: between controller and host.
"""

from __future__ import annotations

import getpass
import socket
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, terminal

_PYTHON = "/usr/bin/python3"


def prepare(action: ActionBase, task_vars: dict[str, Any]) -> dict[str, Any]:
    """Turn on pipelining for the connection of *action*, and return the variables with the path of the host's Python.

    Pipelining saves five of the six SSH executions of a module; a known interpreter saves one for each host. A setting
    in the inventory or the configuration takes precedence.
    """
    connection = action._connection
    # The variable ansible_pipelining does not show it: Ansible itself sets it for every task.
    if connection.get_option_and_origin("pipelining")[1] == "default":
        connection.set_option("pipelining", True)
    if not str(constants.INTERPRETER_PYTHON).startswith("auto"):
        return task_vars
    # A module that runs on another host than the task's gets the variables of that one.
    delegated = {
        name: {"ansible_python_interpreter": _PYTHON, **found}
        for name, found in (task_vars.get("ansible_delegated_vars") or {}).items()
    }
    more = {"ansible_delegated_vars": delegated} if delegated else {}
    return {"ansible_python_interpreter": _PYTHON, **task_vars, **more}


def owner() -> str:
    """Return the user and the machine that deploy, such as ``ada@laptop``."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class OneCall(ActionBase):
    """An action that is one call of ``MODULE`` on the host."""

    MODULE: str
    _supports_check_mode = True

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the module's arguments: by default those of the task or of the variables."""
        return arguments.given(self, task_vars, self.MODULE.rpartition(".")[2])

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return the output for *result*; a key of *result* that is shown may be removed from it."""
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
            terminal.show("\n".join(lines))
        return result
