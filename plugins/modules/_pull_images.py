#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.pull``: an adapter over ``module_utils/engine/images.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _pull_images
short_description: "[INTERNAL] Pull images by their current digest"
description:
  - B(This module is internal to the collection.) M(slipway.stack.pull) calls it. Its options can change at any time.
  - Asks the registries for the current digest of each image, and pulls what the host does not have.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  services:
    description: The image reference of each service, by name of the service.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.pull
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
pulled:
  description: The images that were not on the host yet.
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
