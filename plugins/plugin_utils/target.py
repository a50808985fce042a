"""How the action plugins reach the host: few round trips, without asking the user to configure them.

Place in the pipeline: between controller and target.
"""

from __future__ import annotations

import getpass
import socket
from typing import Any

from ansible.plugins.action import ActionBase

_PYTHON = "/usr/bin/python3"


def prepare(action: ActionBase, task_vars: dict[str, Any]) -> dict[str, Any]:
    """Turn pipelining on for *action*'s connection and return variables that name the host's Python.

    Pipelining spares four of five SSH executions of a module, a named interpreter one a host. Whatever the inventory
    says of either goes before.
    """
    if "ansible_pipelining" not in task_vars and "ansible_ssh_pipelining" not in task_vars:
        action._connection.set_option("pipelining", True)
    return {"ansible_python_interpreter": _PYTHON, **task_vars}


def owner() -> str:
    """Return who deploys from where, such as ``ada@laptop``."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
