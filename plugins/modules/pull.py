# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.pull``; the code is in ``plugins/action/pull.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pull
short_description: Pull a stack's images to the host before a deploy
version_added: 0.2.0
description:
  - Asks the registry for the current digest of each image of the stack, and pulls the images that the host does not
    have yet, by digest. Images that come with a kind are included. The next deploy finds all of them on the host.
  - Does not touch what runs.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.services
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
  - module: slipway.stack.prune_images
"""

EXAMPLES = r"""
- name: Pull the images
  slipway.stack.pull:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
images:
  description: The digest that each image reference refers to now.
  type: dict
  returned: success
  sample: {"nginx:1.30": "nginx@sha256:1f6d2b5c9a7e4f3081d2c3b4a5968778695a4b3c2d1e0f9e8d7c6b5a49382716"}
pulled:
  description: The images that were not on the host yet.
  type: list
  elements: str
  returned: success
"""
