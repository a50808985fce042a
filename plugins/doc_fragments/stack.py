"""Options that every module for a stack takes."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.stack``."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the stack. The Compose project has the same name.
      - Required, as this option or as the variable C(stack_name).
    type: str
  root:
    description: Directory on the host. Each stack has a directory of its own in it.
    type: path
    default: /opt/stacks
notes:
  - You can leave out an option that describes the stack. The module then takes the variable of the host that is called
    C(stack_) and the name of the option, such as C(stack_services) for the option C(services). If this variable is not
    set either, the default applies. The options that describe a stack are those of M(slipway.stack.release).
  - The module ignores an option that describes the stack and that it does not use. So C(module_defaults) can give all
    of them to all modules.
author:
  - slipway.stack maintainers (@slipway-stack)
"""

    #: What a host of a stack needs, for the modules that work there.
    HOST = r"""
options: {}
requirements:
  - Docker Engine 25 or later with Compose 2.26 or later, on the host
  - Python 3.9 or later, on the host
"""
