"""How the action plugins reach the host: few round trips, without asking the user to configure them.

Place in the pipeline: between controller and target.
"""

from __future__ import annotations

import getpass
import socket
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase

_PYTHON = "/usr/bin/python3"


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
