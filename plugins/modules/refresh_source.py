# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of an action plugin; the code is in ``plugins/action/refresh_source.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: refresh_source
short_description: Check what a refresh is given, and add production's host to the inventory of this run
version_added: 0.3.0
description:
  - Adds the host to the group C(refresh_source), with its variables of the connection. The inventory of staging does
    not need to have it.
  - Checks the rules file and the library Faker first, so that nothing is asked of production's host without need.
  - Runs on the controller.
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
options:
  source:
    description: Where production is.
    type: dict
    required: true
    suboptions:
      host:
        description: Name of the host.
        type: str
        required: true
      stack:
        description: Name of the stack there.
        type: str
        required: true
      root:
        description: Directory of the stacks there.
        type: path
        default: /opt/stacks
      service:
        description: Postgres service whose newest backup is read.
        type: str
        default: db
      database:
        description: Its database. Empty for the one that the service is made for.
        type: str
        default: ""
      backup:
        description: Id of its backup. Empty for the newest.
        type: str
        default: ""
      connection:
        description: Variables of the host, such as C(ansible_host) and C(ansible_user).
        type: dict
        default: {}
  rules_file:
    description: Rules file on the controller that is checked. Empty to check none.
    type: path
  locale:
    description: Language and country of the names and addresses that the library Faker makes.
    type: str
    default: en_US
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.masked_snapshot
"""

EXAMPLES = r"""
- name: Add production's host
  slipway.stack.refresh_source:
    source:
      host: app1.example.com
      stack: shop
      connection: {ansible_user: deploy}
    rules_file: refresh.yml
"""

RETURN = r"""
source:
  description: Where production is, with all defaults. The variables of the connection are left out.
  type: dict
  returned: success
"""
