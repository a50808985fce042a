#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rotate a secret on the host: an adapter over ``module_utils/rotation/work.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rotate_secret
short_description: Replace a generated secret by a new value without a failed request
version_added: 0.3.0
description:
  - Generates a new value, replaces the services that read the secret as a rollout does, and removes the old value from
    the host. The server of a password accepts both values meanwhile and refuses the old one afterwards.
  - Goes on with the rotation of this secret if it was interrupted. Until it is complete, no release is rolled out.
  - If the new containers do not become healthy, the old release serves and the new value is withdrawn.
  - The work is a process of its own on the host. It goes on if the connection is lost.
  - Refuses a secret whose value comes from the inventory. C(docs/rotation.md) says more.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  secret:
    description: Name of the secret, such as C(secret_key), or C(db_password) for the password of the service C(db).
    type: str
    required: true
  finish:
    description: Only end the time in which services read the previous value, too.
    type: bool
    default: false
  owner:
    description: Who does it, for the record. The default is user and host of the controller.
    type: str
    default: ""
  timeout:
    description: Seconds to follow the work. After that the task fails and the work goes on.
    type: int
    default: 3600
  release:
    description: Name of the work in the journal. Only for the action plugin.
    type: str
  offset:
    description: Place in the journal to read from. Only for the action plugin.
    type: int
attributes:
  check_mode:
    support: full
    details: Fails if the secret cannot be rotated.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.secret_overview
"""

EXAMPLES = r"""
- name: Rotate the password of the database
  slipway.stack.rotate_secret:
    name: shop
    secret: db_password
"""

RETURN = r"""
records:
  description: The steps, as in the journal on the host.
  type: list
  elements: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.rotation import work
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            # The name of a secret is none.
            "secret": {"type": "str", "required": True, "no_log": False},
            "finish": {"type": "bool", "default": False},
            "owner": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 3600},
            "release": {"type": "str"},
            "offset": {"type": "int"},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    name, offset = params["release"], params["offset"]
    with module_work.failures_answered(module, "nothing was started"):
        if module.check_mode:
            work.check(home, params["secret"], params["finish"])
            module.exit_json(changed=True, records=[])
        if offset is None:
            begun = work.begin(home, params["secret"], params["owner"], params["finish"])
            name, offset = module_work.start(home, begun)
        records, offset = follow(home, name, offset)
    module.exit_json(changed=True, records=records, offset=offset, release=name)


if __name__ == "__main__":
    main()
