#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restore the configuration of the edge: an adapter over ``module_utils/edge/configuration.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: edge
short_description: Restore the edge's configuration to that of the live release
version_added: 0.2.0
description:
  - Compares the configuration of the proxy with the live release and restores the files that differ. The proxy tests
    the configuration and reloads it. The module waits until the published port answers with the release.
  - Requests that are under way finish. No container is replaced.
  - A deploy writes a new configuration. Use this module after somebody has edited the configuration on the host, or to
    reload the proxy after another change.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  reload:
    description: Whether to reload if nothing differs.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.verify
"""

EXAMPLES = r"""
- name: Restore the edge's configuration
  slipway.stack.edge:
    name: shop
"""

RETURN = r"""
mended:
  description: The files that were different from those of the release.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.edge.rewriting import repair
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError, containers
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import by_service
from ansible_collections.slipway.stack.plugins.module_utils.release.status import NOT_LIVE, absence
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "reload": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    home = Home(f"{module.params['root']}/{name}")
    problem = home.live_problem()
    if problem:
        module.fail_json(msg=f"stack '{name}': {problem}")
    manifest = home.manifest(home.current_id())
    if manifest is None:
        module.fail_json(msg=f"stack '{name}': {absence(home) or NOT_LIVE}")
    try:
        running = by_service(containers(name))
        repaired = repair(home, manifest, running, module.params["reload"], module.check_mode)
    except (DockerError, EdgeError) as error:
        module.fail_json(msg=f"stack '{name}': {masking(home)(str(error))}")
    module.exit_json(changed=bool(repaired) or module.params["reload"], mended=repaired)


if __name__ == "__main__":
    main()
