#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.send``: an adapter over ``module_utils/engine/image_transfer.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _load_images
short_description: "[INTERNAL] Load images that were sent"
description:
  - B(This module is internal to the collection.) M(slipway.stack.send) calls it. Its options can change at any time.
  - Reports which images the host lacks, and loads those in an archive.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  images:
    description: Identity of each image, by its reference.
    type: dict
    required: true
  archive:
    description: File on the host with the images. Without it, the module only reports what is missing.
    type: path
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.send
"""

EXAMPLES = r"""
- name: Copy the images to the host
  slipway.stack.send:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
missing:
  description: The references that refer to another image on the host, or to none.
  type: list
  elements: str
  returned: success
layers:
  description: The layers of each image on the host, if an image is missing.
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
