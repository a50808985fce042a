# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.adopt``; the code is in ``plugins/action/adopt.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: adopt
short_description: Write a team's Compose files into the inventory
version_added: 0.2.0
description:
  - Writes a file of variables with C(stack_services) and everything that belongs to it, on the machine that Ansible
    runs on. The description in this file gives the same release as O(compose_files). If it would give another release,
    the module writes nothing and fails.
  - Comments say what was inferred about each service and why. They also say what the description cannot express.
  - The file includes what the inventory says about these services. Templates stay templates, also those in
    C(stack_compose_variables) and C(stack_secrets) that are part of a text. The module reads the variables
    C(stack_services), C(stack_secrets) and C(stack_compose_variables) as the inventory writes them.
  - The module never writes a secret. A secret that is in the Compose files becomes a variable that begins with
    C(vault_). Put its value into a vault.
  - The module records the digest of the file in C(.slipway.json) next to it. If the file has another digest, somebody
    has changed it. The module then keeps it and shows the difference. The module also keeps a file that the inventory
    already uses and that contains earlier settings of these services, because it cannot read the settings that the
    file replaced.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.services
  - slipway.stack.shared
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  to:
    description:
      - The file to write. The path is relative to the inventory.
      - If this is empty, the file is C(services.yml) among the variables of the group in C(stack_hosts), which is
        C(stack) unless you set it.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
seealso:
  - module: slipway.stack.workspace
"""

EXAMPLES = r"""
- name: Write the Compose files into the inventory
  slipway.stack.adopt:
    name: shop
    environment: production
    compose_files: [../../docker-compose.yml, ../../docker-compose.prod.yml]
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
path:
  description: Path of the file.
  type: str
  returned: success
  sample: /home/ada/shop/inventories/production/group_vars/stack/services.yml
state:
  description: V(created), V(updated), V(unchanged), or V(kept) if a person has changed the file.
  type: str
  returned: success
  sample: created
vault:
  description: Names of the variables to put into a vault. Never their values.
  type: list
  elements: str
  returned: success
  sample: [vault_db__postgres_password]
remarks:
  description: What is in the Compose files and not in the description, one sentence each.
  type: list
  elements: str
  returned: success
  sample: ["service 'debug' is left out: none of its profiles is active"]
"""
