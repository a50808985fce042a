"""Options that the modules for one stack of one host share."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.stack``."""

    DOCUMENTATION = r"""
options:
  name:
    description: Name of the stack, C(stack_name) of the roles; also the Compose project's name.
    type: str
    required: true
  root:
    description: Directory of the host below which each stack has its own.
    type: path
    default: /opt/stacks
requirements:
  - Docker Engine 25 or later with Compose 2.26 or later, on the host
  - Python 3.9 or later, on the host
author:
  - slipway.stack maintainers (@slipway-stack)
"""
