#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.adopt``; the code is in ``plugins/action/adopt.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: adopt
short_description: Move a team's Compose files into the inventory
description:
  - Writes, on the machine that Ansible runs on, a file of variables with C(stack_services) and what belongs to it. It
    gives the same release as O(compose_files), without them; nothing is written that would give another.
  - Comments say of each service what was inferred and why, and above all what the description cannot say.
  - What the inventory says of the files' services is in it. Templates stay templates, those of stack_compose_variables
    and of C(stack_secrets) too, where they stand in a text. For this the variables C(stack_services), C(stack_secrets)
    and C(stack_compose_variables) are read as the inventory writes them.
  - No secret is written. Those that the files have get a variable that begins with C(vault_), which is for a vault.
  - The digest of what is written is recorded in C(.slipway.json) beside the file. A file with another digest has been
    changed by somebody, and is kept; the difference is shown. So it is where the file counts already and has in it what
    the inventory had said before, which cannot be read behind it any more.
extends_documentation_fragment: [slipway.stack.stack, slipway.stack.services, slipway.stack.shared]
options:
  to:
    description:
      - The file to write, relative to the inventory. Where empty, it is C(services.yml) of the variables of the group
        that C(stack_hosts) names, C(stack) as a rule.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Write what the Compose files say into the inventory
  slipway.stack.adopt:
    name: shop
    environment: production
    compose_files: [../../docker-compose.yml, ../../docker-compose.prod.yml]
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: success
  sample: /home/ada/shop/inventories/production/group_vars/stack/services.yml
state:
  description: What came of it. V(created), V(updated), V(unchanged), or V(kept) where it is a person's and differs.
  type: str
  returned: success
  sample: created
vault:
  description: The variables that somebody has to put into a vault. Never a value.
  type: list
  elements: str
  returned: success
  sample: [vault_db__postgres_password]
remarks:
  description: What of the files the description does not have, a sentence each.
  type: list
  elements: str
  returned: success
  sample: ["service 'debug' is left out: none of its profiles is active"]
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to read."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.adopt runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()
