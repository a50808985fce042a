#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep the edge's live configuration true: an adapter over ``module_utils/edge/configuration.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: edge
short_description: Hold the edge's live configuration to the live release
description:
  - Compares what the proxy has before it with what the live release says, puts back what differs, has the proxy test
    it, reloads it, and waits until the published port answers with the release.
  - Requests in flight are finished; no container is replaced.
  - A new configuration comes with a deploy; this mends an edited one, and reloads where something else has changed.
extends_documentation_fragment: [slipway.stack.stack]
options:
  reload:
    description: Reload even where nothing differs.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Hold the edge to its release
  slipway.stack.edge:
    name: shop
"""

RETURN = r"""
mended:
  description: Files that were not as the release has them.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.edge.configuration import repair
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError, containers
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import by_service
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "default": "/opt/stacks"},
            "reload": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    home = Home(f"{module.params['root']}/{name}")
    manifest = home.manifest(home.current_id())
    if manifest is None:
        module.fail_json(msg=f"stack '{name}': no release is live on this host; deploy one")
    try:
        running = by_service(containers(name))
        repaired = repair(home, manifest, running, module.params["reload"], module.check_mode)
    except (DockerError, EdgeError) as error:
        module.fail_json(msg=f"stack '{name}': {error}")
    module.exit_json(changed=bool(repaired) or module.params["reload"], mended=repaired)


if __name__ == "__main__":
    main()
