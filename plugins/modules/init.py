# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.init``; the code is in ``plugins/action/init.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: init
short_description: Write a first inventory for a repository with Compose files
version_added: 0.2.0
description:
  - Reads a team's repository on the machine that Ansible runs on, and writes an inventory with which
    C(playbooks/plan.yml) and C(playbooks/deploy.yml) run. It reads the Compose files with their profiles, the
    Dockerfiles, C(.env) or C(.env.example), and the files that tell how the database is migrated.
  - Comments say what was decided and why, and what is switched off in production.
  - Prints one list of what a person has to decide, each with the file, the line and what to write there. A value that
    is not decided stops a deploy with a sentence that says what to write.
  - No secret of the repository is written. A secret that only the services of the stack share is generated on the
    server. One that somebody has issued becomes a variable in C(vault.yml) without a value.
  - Never writes into a directory that has files. Then it says which files are there, and changes nothing.
  - Follows no link out of the repository, and reads a limited number of files of a limited size.
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
options:
  project:
    description: Directory of the repository.
    type: path
    required: true
  to:
    description:
      - Directory of the inventory.
      - If this is empty, it is C(inventories/ENVIRONMENT) in the repository.
    type: path
    default: ""
  stack:
    description:
      - Name of the stack.
      - If this is empty, it is the name of the Compose project, or that of the directory.
    type: str
    default: ""
  target:
    description: Environment that the inventory is for.
    type: str
    default: production
  files:
    description:
      - Compose files of production, relative to the repository, in the order in which Compose merges them.
      - If this is empty, they are found by their names.
    type: list
    elements: str
    default: []
  profiles:
    description:
      - Profiles whose services run in production.
      - If this is empty, they are those called C(production) or similar.
    type: list
    elements: str
    default: []
  host:
    description: Address of the server, such as V(203.0.113.10) or V(deploy@203.0.113.10).
    type: str
    default: ""
  hostname:
    description: Host name of the application. It becomes C(stack_domain).
    type: str
    default: ""
  registry:
    description: Registry and path of the images that are built, such as V(registry.example.com/shop).
    type: str
    default: ""
  email:
    description: Address for messages of the certification authority.
    type: str
    default: ""
author:
  - slipway.stack maintainers (@slipway-stack)
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
seealso:
  - module: slipway.stack.adopt
  - module: slipway.stack.workspace
"""

EXAMPLES = r"""
- name: Write a first inventory for the shop
  slipway.stack.init:
    project: ../shop
    host: deploy@203.0.113.10
    hostname: shop.example.com
    registry: registry.example.com/shop
"""

RETURN = r"""
path:
  description: Directory of the inventory.
  type: str
  returned: success
  sample: /home/ada/shop/inventories/production
state:
  description: V(created), or V(kept) if there are files already.
  type: str
  returned: success
  sample: created
files:
  description: Files of the inventory, relative to RV(path).
  type: list
  elements: str
  returned: success
  sample: [hosts.yml, group_vars/stack/environment.yml, group_vars/stack/stack.yml]
decisions:
  description:
    - What a person has to decide or to check. Each has C(file), C(line), C(what), C(write), C(source) and C(required).
      A deploy stops at what is required.
  type: list
  elements: dict
  returned: success
  sample:
    - file: group_vars/stack/environment.yml
      line: 5
      what: the host name of the application, which leads to the server
      write: "stack_domain: app.example.com"
      source: ""
      required: true
switched_off:
  description: Services of the Compose files that do not run in this environment, with the reason.
  type: dict
  returned: success
  sample: {adminer: "is switched off in production: adminer is a tool for development"}
"""
