#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Drain a host, or put it back: an adapter over ``module_utils/rollout/draining.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: drain
short_description: Take a host out of service without a failed request, and put it back
version_added: 0.3.0
description:
  - For a reboot or an upgrade of a host behind a load balancer. The edge answers C(/healthz) with 503 and everything
    else as ever, so the load balancer sends requests to the other hosts. Then workers finish their tasks and stop.
  - Applications and data services stay. A reboot stops them, and starts them again. The host stays drained.
  - With O(others), it is for a host whose edge sends requests to them. It sends them none from then on, and the task
    ends when the last one is answered.
  - When it is put back, the workers start, everything is verified, and then C(/healthz) answers 200 again.
  - Nothing is rolled out on a drained host.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  enabled:
    description: Whether the host is drained.
    type: bool
    required: true
  others:
    description:
      - Other hosts that are drained or put back. Then this host itself is not. A host without an edge that sends them
        requests is left alone.
    type: list
    elements: str
  wait:
    description: Seconds that load balancers get to notice. More than the interval of their check times its retries.
    type: int
    default: 30
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
"""

EXAMPLES = r"""
- name: Drain the host
  slipway.stack.drain:
    name: shop
    enabled: true

- name: Send no requests to app2
  slipway.stack.drain:
    name: shop
    enabled: true
    others: [app2]
"""

RETURN = r"""
records:
  description: The steps, as in the journal on the host.
  type: list
  elements: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.rollout import draining, module_work, upstream_hosts
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "enabled": {"type": "bool", "required": True},
            "others": {"type": "list", "elements": "str"},
            "wait": {"type": "int", "default": 30},
            "owner": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 7200},
            "release": {"type": "str"},
            "offset": {"type": "int"},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    name, offset = params["release"], params["offset"]
    with module_work.failures_answered(module, "nothing was started"):
        if not 0 <= params["wait"] <= 3600:
            raise RolloutFailed(f"drain_wait: {params['wait']} is not a number of seconds from 0 to 3600")
        if offset is None:
            enabled, others, owner = params["enabled"], params["others"], params["owner"]
            of_itself = others is None
            needed = draining.is_needed(home, enabled) if of_itself else upstream_hosts.is_needed(home, others, enabled)
            if module.check_mode or not needed:
                module.exit_json(changed=needed, records=[])
            begun = (
                draining.begin(home, owner, enabled, params["wait"])
                if of_itself
                else upstream_hosts.begin(home, owner, others, enabled)
            )
            name, offset = module_work.start(home, begun)
        records, offset = follow(home, name, offset)
    module.exit_json(changed=True, records=records, offset=offset, release=name)


if __name__ == "__main__":
    main()
