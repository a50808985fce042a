#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.send``; the code is in ``plugins/action/send.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: send
short_description: Send images that no registry has from the controller to the host
description:
  - An image whose reference begins with C(localhost/) has no registry. It is taken from the engine of the machine that
    Ansible runs on, and goes over Ansible's own connection.
  - Only the layers that the host does not have go, whichever image it has them from. A host whose engine keeps its
    images in containerd gets all of them.
  - Other images are left to their registries. Where there are no such images the host is not asked anything.
extends_documentation_fragment: [slipway.stack.stack, slipway.stack.services]
requirements:
  - Docker Engine on the controller
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Send the images
  slipway.stack.send:
    name: shop
    environment: production
    services:
      backend: {kind: fastapi, image: "localhost/shop/backend:1.4.2", build: {context: ../../backend}}
"""

RETURN = r"""
sent:
  description: The references that stood for another image on the host, or for none.
  type: list
  elements: str
  returned: success
  sample: ["localhost/shop/backend:1.4.2"]
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to send."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.send runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()
