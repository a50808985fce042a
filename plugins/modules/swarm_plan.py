# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.swarm_plan``; the code is in ``plugins/action/swarm_plan.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm_plan
short_description: Find out what is missing until the hosts of a stack are one Swarm
version_added: 0.3.0
description:
  - Compares the inventory with what M(slipway.stack.swarm_node) returned on every host, and shows what has to be done.
  - Fails with a sentence for each reason why the hosts cannot be one Swarm. Nothing has changed by then.
  - Runs on the controller and does not contact the hosts. Run it once for all hosts.
  - The role C(swarm) uses it, and makes the changes with modules of C(community.docker).
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
options:
  reports:
    description: What M(slipway.stack.swarm_node) returned, by name of the host.
    type: dict
    required: true
  network:
    description: Name of the overlay network.
    type: str
    required: true
  encrypted:
    description: Whether the network encrypts what it carries between hosts.
    type: bool
    default: true
  subnet:
    description: Range of its addresses in CIDR notation. Empty lets Docker choose one.
    type: str
    default: ""
  mtu:
    description: Largest packet of the network in bytes. V(0) is the engine's default.
    type: int
    default: 0
  managers:
    description: Pattern of the hosts that are managers. Empty takes the first three hosts, or the first one of two.
    type: str
    default: ""
  autolock:
    description: Whether the keys of managers are encrypted on their disks. Without it, that stays as it is.
    type: bool
  address_pools:
    description: Ranges that the networks of a new Swarm get their addresses from.
    type: list
    elements: str
    default: []
  remove:
    description: Names of nodes to remove that are no hosts of the stack any more.
    type: list
    elements: str
    default: []
  quiet:
    description: Do not show the plan, because it was shown already.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details:
      - RV(ignore:changed) is true in check mode if there is something to do. Otherwise the tasks that do it say so.
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.swarm_node
"""

EXAMPLES = r"""
- name: See what the hosts are in a Swarm
  slipway.stack.swarm_node:
    network: shop-mesh
  register: found

- name: Find out what is missing
  slipway.stack.swarm_plan:
    reports: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'found'))) }}"
    network: shop-mesh
  run_once: true
"""

RETURN = r"""
plan:
  description:
    - What has to be done. C(via) is the manager that does it, and C(make) whether that one makes the Swarm. C(join) are
      the hosts that join, C(promote), C(demote), C(labels) and C(remove) the nodes that change.
    - C(autolock) is what autolock becomes, C(network) whether the network has to be made, and C(changes) whether there
      is anything to do. C(prove) are the hosts between which the network can be tried.
  type: dict
  returned: success
"""
