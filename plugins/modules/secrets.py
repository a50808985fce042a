# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.secrets``; the code is in ``plugins/action/secrets.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets
short_description: Write a stack's secrets to the host before any release
version_added: 0.2.0
description:
  - Writes each secret that the services use into the stack's store on the host. Each secret is a file that only the uid
    of the service can read. Generates each secret that has C(generate), once.
  - Needs no version of the application. What is not available in a service, such as an image with an undefined variable
    in it, is left out, except for secrets.
  - M(slipway.stack.release) does the same. Use this module to prepare a host, or to see in check mode what a changed
    secret would write.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.services
  - slipway.stack.secrets
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.release
"""

EXAMPLES = r"""
- name: Write the secrets to the host
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
