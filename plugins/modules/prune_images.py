#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remove images that no release needs: an adapter over ``module_utils/engine/images.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prune_images
short_description: Remove a stack's images that none of its releases on the host refers to
description:
  - Looks at the repositories that the stack's releases on the host run from, and removes those of their images that no
    release refers to, by tag and by digest. Releases that are kept can still be gone back to without a registry.
  - Never removes an image that a release of another stack refers to, that a container was made of (running or not), or
    of a repository without a namespace, such as C(postgres) - the official images are everybody's.
  - Images that were fetched ahead of a deploy that has not come yet are removed too.
extends_documentation_fragment: [slipway.stack.stack]
attributes:
  check_mode:
    support: full
    details: The bytes are then those that would be freed at least; layers that only removed images share come on top.
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Remove superfluous images
  slipway.stack.prune_images:
    name: shop
"""

RETURN = r"""
removed:
  description: References that are gone, or in check mode would go.
  type: list
  elements: str
  returned: success
freed:
  description: Bytes that this freed.
  type: int
  returned: success
  sample: 104857600
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.images import ImagesError, prune


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"name": {"type": "str", "required": True}, "root": {"type": "path", "default": "/opt/stacks"}},
        supports_check_mode=True,
    )
    try:
        removed, freed = prune(Path(module.params["root"]), module.params["name"], module.check_mode)
    except (ImagesError, DockerError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(removed), removed=removed, freed=freed)


if __name__ == "__main__":
    main()
