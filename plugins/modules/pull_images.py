#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.pull``: an adapter over ``module_utils/engine/images.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pull_images
short_description: Fetch images by the digest that their registry gives them now
description:
  - The half of M(slipway.stack.pull) that runs on the host. Call that one; this has no use of its own.
options:
  services:
    description: The image reference of each service, by the service's name.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
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
pulled:
  description: Those that were not on the host yet.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.images import ImagesError, pull


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={"services": {"type": "dict", "required": True}}, supports_check_mode=True)
    try:
        images, pulled = pull(module.params["services"], module.check_mode)
    except (ImagesError, DockerError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(pulled), images=images, pulled=pulled)


if __name__ == "__main__":
    main()
