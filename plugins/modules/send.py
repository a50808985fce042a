# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.send``; the code is in ``plugins/action/send.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: send
short_description: Copy images that no registry has from the controller to the host
version_added: 0.2.0
description:
  - Copies each image whose reference begins with C(localhost/) from the engine of the machine that Ansible runs on to
    the host. The images go over the connection of Ansible.
  - Sends only the layers that the host does not have in any image. A host whose engine stores images in containerd gets
    all layers.
  - Leaves other images to their registries. Contacts the host only if there are images to copy.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.services
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
requirements:
  - Docker Engine on the controller
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.images
"""

EXAMPLES = r"""
- name: Copy the images to the host
  slipway.stack.send:
    name: shop
    environment: production
    services:
      backend: {kind: fastapi, image: "localhost/shop/backend:1.4.2", build: {context: ../../backend}}
"""

RETURN = r"""
sent:
  description: The references that referred to another image on the host, or to none.
  type: list
  elements: str
  returned: success
  sample: ["localhost/shop/backend:1.4.2"]
"""
