#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Report which services the live release of a host has."""

from __future__ import annotations

DOCUMENTATION = r"""
module: services
short_description: Report which services the live release of a host has
version_added: 0.3.0
description:
  - Returns the names of the services of the live release, so that a play finds the host of a service.
  - Reads one file and changes nothing. M(slipway.stack.status) says how the services are.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.status
"""

EXAMPLES = r"""
- name: See which services this host has
  slipway.stack.services:
    name: shop
"""

RETURN = r"""
known:
  description: Names of the services, in the order of the release.
  type: list
  elements: str
  returned: success
release:
  description: Id of the live release.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.release.status import NOT_LIVE, absence
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    home = Home(f"{module.params['root']}/{name}")
    manifest = home.manifest(home.current_id())
    if manifest is None:
        module.fail_json(msg=f"stack '{name}': {absence(home) or home.live_problem() or NOT_LIVE}")
    module.exit_json(changed=False, known=list(manifest["services"]), release=manifest["release"])


if __name__ == "__main__":
    main()
