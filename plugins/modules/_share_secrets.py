#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.share_secrets``: an adapter over ``module_utils/state/secret_store.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _share_secrets
short_description: "[INTERNAL] Return secrets that this host has generated, for other hosts of the stack"
description:
  - B(This module is internal to the collection.) M(slipway.stack.share_secrets) calls it. Its options can change at any
    time.
  - Generates those that do not exist yet.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  home:
    description: Directory of the stack.
    type: path
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
  - module: slipway.stack.share_secrets
"""

EXAMPLES = r"""
- name: Share the secrets that services of several hosts read
  slipway.stack.share_secrets:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
values:
  description: The secrets by name. The action plugin seals them.
  type: dict
  returned: success
"""

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret, SecretStore


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "home": {"type": "path", "required": True},
            "sources": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    store = SecretStore(Path(module.params["home"]), dry_run=module.check_mode)
    try:
        values = {name: store.value(name, source) for name, source in json.loads(module.params["sources"]).items()}
    except DamagedSecret as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, values=values)


if __name__ == "__main__":
    main()
