#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remove images that no release needs: an adapter over ``module_utils/engine/images.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prune_images
short_description: Remove a stack's images that no release on the host refers to
version_added: 0.2.0
description:
  - Looks at the repositories that the stack's releases on the host run from, and removes those of their images that no
    release refers to, by tag or by digest. A rollback to a release on the host still needs no registry.
  - Never removes an image that a release of another stack refers to, an image that a container was made of (running or
    not), or an image of a repository without a namespace, such as C(postgres). Those are the official images.
  - Also removes images that were pulled for a deploy that has not run yet.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
attributes:
  check_mode:
    support: full
    details:
      - RV(freed) is then the least that would be freed. Layers that only removed images share are not counted.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.pull
"""

EXAMPLES = r"""
- name: Remove images that no release needs
  slipway.stack.prune_images:
    name: shop
"""

RETURN = r"""
removed:
  description: References that were removed, or that would be removed in check mode.
  type: list
  elements: str
  returned: success
freed:
  description: Number of bytes that this freed.
  type: int
  returned: success
  sample: 104857600
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.images import ImagesError, prune
from ansible_collections.slipway.stack.plugins.module_utils.release.status import absence
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"name": {"type": "str"}, "root": {"type": "path", "default": "/opt/stacks"}},
        supports_check_mode=True,
    )
    name = module.params["name"]
    missing = absence(Home(f"{module.params['root']}/{name}"))
    if missing:
        module.fail_json(msg=f"stack '{name}': {missing}")
    try:
        removed, freed = prune(Path(module.params["root"]), name, module.check_mode)
    except (ImagesError, DockerError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(removed), removed=removed, freed=freed)


if __name__ == "__main__":
    main()
