"""Options of modules whose work is a process of its own on the host, which their actions follow."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.followed``."""

    DOCUMENTATION = r"""
options:
  owner:
    description: Who does it, for the record. The default is user and host of the controller.
    type: str
    default: ""
  archive_timeout:
    description: Seconds that one archive, one table or one statement may take.
    type: int
    default: 21600
  timeout:
    description: Seconds to follow the work. After that the task fails and the work goes on.
    type: int
    default: 43200
  release:
    description: Name of the work in the journal. Only for the action plugin.
    type: str
  offset:
    description: Place in the journal to read from. Only for the action plugin.
    type: int
"""
