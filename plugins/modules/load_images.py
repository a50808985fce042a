#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.send``: an adapter over ``module_utils/engine/image_transfer.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: load_images
short_description: Take in images that were sent
description:
  - The half of M(slipway.stack.send) that runs on the host. Call that one; this has no use of its own.
options:
  images:
    description: What tells each image from every other, by its reference.
    type: dict
    required: true
  archive:
    description: File on the host with the images; without it, only what is missing is told.
    type: path
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
"""

EXAMPLES = r"""
- name: Send the images
  slipway.stack.send:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
missing:
  description: The references that stand for another image on the host, or for none.
  type: list
  elements: str
  returned: success
layers:
  description: The layers of each image on the host, where something is missing.
  type: list
  elements: list
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine import image_transfer
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"images": {"type": "dict", "required": True}, "archive": {"type": "path"}},
        supports_check_mode=True,
    )
    images, archive = module.params["images"], module.params["archive"]
    try:
        missing = image_transfer.missing_images(images)
        if archive and not module.check_mode:
            image_transfer.load_archive(archive, images)
        layers = image_transfer.image_layers() if missing and not archive else []
    except DockerError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(missing), missing=missing, layers=layers)


if __name__ == "__main__":
    main()
