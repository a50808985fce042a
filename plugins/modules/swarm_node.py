#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the engine of a host is in a Swarm: an adapter over ``module_utils/swarm/standing.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm_node
short_description: Read what the engine of a host is in a Swarm
version_added: 0.3.0
description:
  - Returns whether the engine is in a Swarm and as what. On a manager, also returns all nodes with their roles, states
    and labels.
  - Never returns a join token or an unlock key, which some other modules do.
  - Changes nothing.
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
options:
  network:
    description: Name of a network. The module returns the networks of this name.
    type: str
    default: ""
  ready:
    description: On a manager, number of nodes that have to be ready. The module waits for them.
    type: int
    default: 0
  timeout:
    description: Number of seconds after which the module does not wait for O(ready) any longer. That is no error.
    type: int
    default: 60
  show:
    description: Show a table of the nodes, once for the Swarm.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details:
      - Never changes anything.
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.swarm_plan
"""

EXAMPLES = r"""
- name: See what the host is in a Swarm
  slipway.stack.swarm_node:
    show: true
"""

RETURN = r"""
state:
  description: State of the engine in a Swarm, which is V(inactive), V(pending), V(active), V(error) or V(locked).
  type: str
  returned: success
error:
  description: What the engine says about that state; empty if all is well.
  type: str
  returned: success
node:
  description: Id of the host's node; empty outside of a Swarm.
  type: str
  returned: success
address:
  description: Address at which the other nodes reach it.
  type: str
  returned: success
manager:
  description: Whether it is a manager.
  type: bool
  returned: success
cluster:
  description: Id of the Swarm, as far as the host knows it.
  type: str
  returned: success
nodes:
  description:
    - On a manager, the nodes of the Swarm, each with C(id), C(host), C(name), C(role), C(availability), C(state),
      C(address), C(leader), C(reachability), C(version) and C(labels).
  type: list
  elements: dict
  returned: success
leaderless:
  description: On a manager that does not know the nodes, why; empty otherwise.
  type: str
  returned: success
autolock:
  description: On a manager, whether the keys of managers are encrypted on their disks.
  type: bool
  returned: success
networks:
  description:
    - Networks of the name O(network), each with C(driver), C(scope), C(attachable), C(encrypted), C(mtu) and
      C(subnets).
  type: list
  elements: dict
  returned: success
version:
  description: Version of the engine.
  type: str
  returned: success
live_restore:
  description: Whether containers survive a restart of the engine, which excludes a Swarm.
  type: bool
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.swarm import standing


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "network": {"type": "str", "default": ""},
            "ready": {"type": "int", "default": 0},
            "timeout": {"type": "int", "default": 60},
            "show": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        found = standing.read(given["network"])
        if found["nodes"] and given["ready"]:
            standing.wait_for(given["ready"], given["timeout"])
            found = standing.read(given["network"])
    except DockerError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
