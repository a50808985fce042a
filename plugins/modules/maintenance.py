#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Close the edge for maintenance, or open it: an adapter over ``module_utils/edge/closing.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: maintenance
short_description: Close the edge for maintenance, and open it again
version_added: 0.3.0
description:
  - While the edge is closed, it answers every request with 503 and C(Retry-After). nginx answers with a page, or with
    JSON if the client asks for that. Clients of O(allow) get through to the application.
  - Health checks and certification authorities are answered as always. Redirects to HTTPS and of other names stay.
  - Stays closed through a deploy, a rollback, a new certificate and a reboot, until it is opened.
  - No connection ends, and requests that are under way finish, as with every reload of the proxy.
  - If the proxy does not answer with it, all is as before, and the module fails.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  enabled:
    description: Whether the edge is closed.
    type: bool
    required: true
  allow:
    description: Addresses and networks whose clients get through, such as V(192.0.2.0/24).
    type: list
    elements: str
    default: []
  retry_after:
    description: Seconds after which clients are told to try again, from 1 to 604800.
    type: int
    default: 300
  owner:
    description: Who does it, for the record. The default is user and host of the controller.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.status
"""

EXAMPLES = r"""
- name: Close the shop to everybody but the office
  slipway.stack.maintenance:
    name: shop
    enabled: true
    allow: [192.0.2.0/24]

- name: Open it again
  slipway.stack.maintenance:
    name: shop
    enabled: false
"""

RETURN = r"""
maintenance:
  description: The maintenance as in M(slipway.stack.status). Null if the edge is open.
  type: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.edge import closing
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "enabled": {"type": "bool", "required": True},
            "allow": {"type": "list", "elements": "str", "default": []},
            "retry_after": {"type": "int", "default": 300},
            "owner": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    with module_work.failures_answered(module, "the edge stays as it was"):
        asked = closing.wanted(params["owner"], params["allow"], params["retry_after"]) if params["enabled"] else None
        changed = closing.is_needed(home, asked) if module.check_mode else closing.switch(home, asked, params["owner"])
        standing = closing.standing(home, home.manifest(home.current_id()))
    module.exit_json(changed=changed, maintenance=standing)


if __name__ == "__main__":
    main()
