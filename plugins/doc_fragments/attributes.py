"""What a module supports: the text of each attribute, once for all modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.attributes``."""

    #: Every module extends this one and gives each attribute its C(support).
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Reports what would change, and changes nothing, in C(check_mode).
  diff_mode:
    description: Shows in diff mode what changes, or in C(check_mode) what would change.
"""

    #: For modules that have an action plugin of the same name.
    ACTION = r"""
options: {}
attributes:
  action:
    description: Has an action plugin, which runs on the controller.
    support: full
  async:
    description: Supports the keyword C(async).
    support: none
"""

    #: For modules whose options may come from the action group.
    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description:
      - Takes defaults for its options from C(group/slipway.stack.stack) in C(module_defaults).
    support: full
    membership:
      - slipway.stack.stack
"""
