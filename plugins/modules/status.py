#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell what is on a host of one stack: an adapter over ``module_utils/release/status.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: status
short_description: Tell which release is live, what runs of it, and where the host differs from its record
description:
  - Shows the services of the live release with their state, containers and files that are not as the release has them,
    the releases that are kept, the last rollouts with who made them and how they ended, and a rollout under way.
  - Looks only, and does not fail where something is wrong; M(slipway.stack.verify) does.
extends_documentation_fragment: [slipway.stack.stack]
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Tell what runs
  slipway.stack.status:
    name: shop
"""

RETURN = r"""
release:
  description: Id of the live release, null before the first.
  type: str
  returned: success
releases:
  description: Ids of the releases on the host, newest first.
  type: list
  elements: str
  returned: success
services:
  description: The services of the live release, each with C(state), C(reason), C(image) and C(since).
  type: list
  elements: dict
  returned: success
drift:
  description: What is not as the release has it.
  type: list
  elements: dict
  returned: success
rollouts:
  description: The last rollouts, newest first.
  type: list
  elements: dict
  returned: success
under_way:
  description: A sentence on a rollout under way, or one that broke off; null without one.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.status import status
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "default": "/opt/stacks"},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    try:
        current = status(Home(f"{module.params['root']}/{name}"), name)
    except DockerError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **current)


if __name__ == "__main__":
    main()
