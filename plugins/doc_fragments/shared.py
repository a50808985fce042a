"""Options that say more of what a stack's services share, for the modules that write its Compose files."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.shared``."""

    DOCUMENTATION = r"""
options:
  networks:
    description: What there is to say of networks that services share, Compose's own keys by name; over what files say.
    type: dict
    default: {}
  volumes:
    description: What there is to say of volumes, in the same way.
    type: dict
    default: {}
"""
