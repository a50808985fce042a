#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.secrets``: an adapter over ``module_utils/state/secret_store.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _store_secrets
short_description: "[INTERNAL] Write secret files into a stack's store on the host"
description:
  - B(This module is internal to the collection.) M(slipway.stack.secrets) calls it. Its options can change at any time.
  - Writes the files that are missing in the store, and generates the secrets that have C(generate).
extends_documentation_fragment: [slipway.stack.attributes]
options:
  home:
    description: Directory of the stack.
    type: path
    required: true
  files:
    description: The files, each with C(name), C(uid), C(gid), C(variable) and C(parts).
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
  - module: slipway.stack.secrets
"""

EXAMPLES = r"""
- name: Write the secrets to the host
  slipway.stack.secrets:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
written:
  description: Names of the files that were not there yet, with the uid that reads each.
  type: list
  elements: str
  returned: success
"""

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.state import rotation
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret, SecretStore


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
    unfinished = rotation.unfinished(Home(module.params["home"]))
    if unfinished:
        module.fail_json(msg=unfinished)
    store = SecretStore(Path(module.params["home"]), dry_run=module.check_mode)
    try:
        store.addresses(module.params["files"], json.loads(module.params["sources"]))
    except DamagedSecret as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(store.written), written=store.written)


if __name__ == "__main__":
    main()
