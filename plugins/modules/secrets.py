#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.secrets``; the code is in ``plugins/action/secrets.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets
short_description: Put a stack's secrets on the host, ahead of any release
description:
  - Writes each secret that the described services use into the stack's store, as files that exactly the uid of the
    service can read; makes those that are to be generated, once.
  - M(slipway.stack.release) does the same on its way. This is for a host that is being prepared, and for looking at
    what a changed secret would write, in check mode.
extends_documentation_fragment: [slipway.stack.stack, slipway.stack.services]
options:
  secrets:
    description:
      - The secrets by name.
      - "Each is a text, or C({generate: LENGTH}) to be made on the host once and kept there."
    type: dict
    default: {}
  probes:
    description: Taken so that the same description fits; not used.
    type: list
    elements: dict
    default: []
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Put the secrets on the host
  slipway.stack.secrets:
    name: shop
    environment: production
    services: "{{ stack_services }}"
    secrets:
      secret_key: {generate: 50}
      smtp_password: "{{ vault_smtp_password }}"
"""

RETURN = r"""
written:
  description: Names of the files that were not there yet, with the uid that reads each.
  type: list
  elements: str
  returned: success
  sample: [db_password for uid 999]
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to send."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.secrets runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()
