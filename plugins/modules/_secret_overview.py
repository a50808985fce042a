#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.secret_overview``: an adapter over ``module_utils/state/secret_overview.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _secret_overview
short_description: "[INTERNAL] Compare the secrets of a description with those of the live release"
description:
  - B(This module is internal to the collection.) M(slipway.stack.secret_overview) calls it. Its options can change at
    any time.
  - Compares the values on the host, and never returns one.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  home:
    description: Directory of the stack.
    type: path
    required: true
  files:
    description: The secret files of the description, each with C(name), C(uid), C(variable) and C(parts).
    type: list
    elements: dict
    required: true
  sources:
    description: Sources of the secrets, as JSON.
    type: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.secret_overview
"""

EXAMPLES = r"""
- name: Show the secrets
  slipway.stack.secret_overview:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
found:
  description: The secrets, each with C(name), C(state) and C(since).
  type: list
  elements: dict
  returned: success
release:
  description: Id of the live release. Null if there is none.
  type: str
  returned: success
"""

import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_overview import overview


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "home": {"type": "path", "required": True},
            "files": {"type": "list", "elements": "dict", "required": True},
            "sources": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    home = Home(module.params["home"])
    found = overview(home, module.params["files"], json.loads(module.params["sources"]))
    module.exit_json(changed=False, found=found, release=home.current_id())


if __name__ == "__main__":
    main()
