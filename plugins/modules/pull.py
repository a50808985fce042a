#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.pull``; the code is in ``plugins/action/pull.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pull
short_description: Fetch the images of a described stack onto the host, ahead of a deploy
description:
  - Asks the registry which digest each image of the stack has now, those of the kinds included, and pulls by that
    digest what the host does not have yet. A deploy that follows finds them there.
  - What runs is not touched.
extends_documentation_fragment: [slipway.stack.stack, slipway.stack.services]
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Fetch the images
  slipway.stack.pull:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
images:
  description: What each image reference stands for now.
  type: dict
  returned: success
  sample: {"nginx:1.30": "nginx@sha256:1f6d2b5c9a7e4f3081d2c3b4a5968778695a4b3c2d1e0f9e8d7c6b5a49382716"}
pulled:
  description: Those that were not on the host yet.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to send."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.pull runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()
