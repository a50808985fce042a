#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hold what runs against the live release: an adapter over ``module_utils/edge/verification.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Account for every service of the live release, and ask through the public port
description:
  - Every service of the live release must have its number of containers, running and healthy; one-shot services must
    have ended well; nothing that the release does not describe may run in its project.
  - Each probe (C(stack_probes), or one for each route of the edge) is asked through the published port, and must be
    answered by the live release.
  - A failure tells which service, why, its last log lines, and what its health check said.
extends_documentation_fragment: [slipway.stack.stack]
options:
  timeout:
    description: Seconds in which everything must be as it should.
    type: int
    default: 15
attributes:
  check_mode:
    support: full
    details: Only ever looks. Where nothing is deployed yet, check mode passes.
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Verify what runs
  slipway.stack.verify:
    name: shop
"""

RETURN = r"""
release:
  description: Id of the live release.
  type: str
  returned: success
services:
  description: Each service with its state in words.
  type: list
  elements: dict
  returned: always
  sample: [{service: backend, state: up, reason: 2 of 2 healthy}]
problems:
  description: What is wrong, a sentence each.
  type: list
  elements: str
  returned: always
detail:
  description: Lines that show why.
  type: list
  elements: str
  returned: failure
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "default": "/opt/stacks"},
            "timeout": {"type": "int", "default": 15},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    home = Home(f"{module.params['root']}/{name}")
    manifest = home.manifest(home.current_id())
    if manifest is None:
        if module.check_mode:
            module.exit_json(changed=False, services=[], problems=[])
        module.fail_json(msg=f"stack '{name}': no release is live on this host; deploy one", services=[], problems=[])
    try:
        verification = verify(manifest, module.params["timeout"])
    except DockerError as error:
        module.fail_json(msg=str(error), services=[], problems=[str(error)])
    result = {
        "release": manifest["release"],
        "services": verification.services,
        "problems": verification.problems,
    }
    if verification.problems:
        module.fail_json(msg="; ".join(verification.problems), detail=verification.detail, **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
