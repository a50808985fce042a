#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.hook``: an adapter over ``module_utils/engine/bounded_program.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _hook
short_description: "[INTERNAL] Say what a hook is told about a release, and run it"
description:
  - B(This module is internal to the collection.) M(slipway.stack.hook) calls it. Its options can change at any time.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  root:
    description: Directory of the stacks.
    type: path
    required: true
  release:
    description: Id of the release, V(previous) or V(live).
    type: str
    required: true
  command:
    description: The words of the command. Without one, nothing is run.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that it may take.
    type: int
    required: true
  told:
    description: Variables that it gets besides those of the release.
    type: dict
    required: true
attributes:
  check_mode:
    support: none
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.hook
"""

EXAMPLES = r"""
- name: Ask a service outside whether the shop may be deployed now
  slipway.stack.hook:
    name: shop
    release: live
    hook: {at: before_begin, command: /usr/local/bin/may-deploy}
"""

RETURN = r"""
variables:
  description: What a hook is told about the release, as variables of its environment.
  type: dict
  returned: success
code:
  description: Exit code, none if it was killed at its time limit.
  type: int
  returned: if it has run
output:
  description: The end of its output.
  type: str
  returned: if it has run
seconds:
  description: Time that it took.
  type: float
  returned: if it has run
problem:
  description: Why it could not be started, else empty.
  type: str
  returned: if it has run
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine import bounded_program
from ansible_collections.slipway.stack.plugins.module_utils.operation import hook_variables
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: What a command of the host needs of the environment of this module.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "USER", "LOGNAME")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "command": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "required": True},
            "told": {"type": "dict", "required": True},
        },
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    variables = hook_variables.of(home, params["name"], params["release"])
    if not params["command"]:
        module.exit_json(changed=False, variables=variables)
    told = {**variables, **{name: str(value) for name, value in params["told"].items()}}
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        ended = bounded_program.run(params["command"], params["timeout"], str(home.path), {**environment, **told})
    except OSError as error:
        module.exit_json(changed=False, variables=variables, code=None, output="", seconds=0.0, problem=str(error))
    output = masking(home)(ended.output)
    module.exit_json(
        changed=True, variables=variables, code=ended.code, output=output, seconds=ended.seconds, problem=""
    )


if __name__ == "__main__":
    main()
