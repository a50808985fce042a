#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stop a stack, or start it: an adapter over ``module_utils/rollout/stopping.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stop
short_description: Stop the services of a stack, and start them again
version_added: 0.3.0
description:
  - Stops the services of the live release in the reverse order of their needs, each with its grace period and its
    C(pre_stop). The edge goes on; M(slipway.stack.maintenance) closes it before, so that it answers with a page.
  - The containers stay, and do not start again with the host. Nothing is rolled out meanwhile.
  - Starts them again in the order of their needs, and waits until each is healthy.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  enabled:
    description: Whether the stack is stopped. If not, it is started.
    type: bool
    required: true
  which:
    description: All services, those that hold data, or all others. With V(data), a start is not complete.
    type: str
    choices: [all, data, others]
    default: all
  closed:
    description: Whether the edge was closed for this stop. It is on record, for the start.
    type: bool
    default: false
  owner:
    description: Who does it, for the record. The default is user and host of the controller.
    type: str
    default: ""
  timeout:
    description: Seconds to follow the work. After that the task fails and the work goes on.
    type: int
    default: 7200
  release:
    description: Name of the work in the journal. Only for the action plugin.
    type: str
  offset:
    description: Place in the journal to read from. Only for the action plugin.
    type: int
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.maintenance
  - module: slipway.stack.drain
"""

EXAMPLES = r"""
- name: Stop everything but the database
  slipway.stack.stop:
    name: shop
    enabled: true
    which: others
"""

RETURN = r"""
records:
  description: The steps, as in the journal on the host.
  type: list
  elements: dict
  returned: success
closed:
  description: Whether the edge was closed for the stop that this start ends.
  type: bool
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work, stopping
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state import stopped
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "enabled": {"type": "bool", "required": True},
            "which": {"type": "str", "choices": list(stopping.WHICH), "default": "all"},
            "closed": {"type": "bool", "default": False},
            "owner": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 7200},
            "release": {"type": "str"},
            "offset": {"type": "int"},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    name, offset, closed = params["release"], params["offset"], params["closed"]
    with module_work.failures_answered(module, "nothing was started"):
        if offset is None:
            enabled, which = params["enabled"], params["which"]
            before = stopped.read(home).value
            closed = before.closed if before else closed
            needed = stopping.is_needed(home, enabled, which)
            if module.check_mode or not needed:
                module.exit_json(changed=needed, records=[], closed=closed)
            name, offset = module_work.start(home, stopping.begin(home, params["owner"], enabled, which, closed))
        records, offset = follow(home, name, offset)
    module.exit_json(changed=True, records=records, offset=offset, release=name, closed=closed)


if __name__ == "__main__":
    main()
