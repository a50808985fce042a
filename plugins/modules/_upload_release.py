#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.release``: an adapter over ``module_utils/release/ship.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _upload_release
short_description: "[INTERNAL] Write a rendered release on the host"
description:
  - B(This module is internal to the collection.) M(slipway.stack.release) calls it. Its options can change at any time.
  - Compares the release with the live one, checks everything that could fail (images, ports, disk space), and writes it
    next to the live one. Does not touch what runs.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  bundle:
    description: The release, as base64 of compressed JSON.
    type: str
    required: true
  secrets:
    description: Sources of the secrets, as JSON.
    type: str
    required: true
  release_id:
    description: Id for a new release.
    type: str
    required: true
  origin:
    description: Who deploys what. It is recorded.
    type: dict
    required: true
  min_free:
    description: Number of bytes that must be free on the disks of the engine and of the stack.
    type: int
    required: true
  changed_in_data:
    description: Names of data services whose password was changed in the data, too.
    type: list
    elements: str
    required: true
  data_upgrade:
    description: Data services whose data the rollout writes anew for another version.
    type: list
    elements: str
    required: true
  allow_downtime:
    description: Names of data services that may be down while they are replaced.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.release
"""

EXAMPLES = r"""
- name: Render and upload the release
  slipway.stack.release:
    name: shop
    environment: production
    services: "{{ stack_services }}"
"""

RETURN = r"""
release:
  description: Id of the release to roll out, or of the live release if nothing differs.
  type: str
  returned: success
plan:
  description: What a rollout does to each service. C(because) names what differs.
  type: list
  elements: dict
  returned: success
services:
  description: The state of each service, if the release was live already and was verified. Otherwise empty.
  type: list
  elements: dict
  returned: success
"""

import base64
import json
import zlib

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused, ship
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            # The bundle is not secret. It has twenty kilobytes that the system log of the host does not need.
            "bundle": {"type": "str", "required": True, "no_log": True},
            "secrets": {"type": "str", "required": True, "no_log": True},
            "release_id": {"type": "str", "required": True},
            "origin": {"type": "dict", "required": True},
            "min_free": {"type": "int", "required": True},
            "allow_downtime": {"type": "list", "elements": "str", "required": True},
            "changed_in_data": {"type": "list", "elements": "str", "required": True},
            "data_upgrade": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    content = json.loads(zlib.decompress(base64.b64decode(module.params["bundle"])))
    mask = masking(Home(content["home"]))
    try:
        shipped = ship(
            content,
            json.loads(module.params["secrets"]),
            module.params["release_id"],
            module.params["origin"],
            module.params["min_free"],
            module.params["allow_downtime"],
            module.check_mode,
            module.params["changed_in_data"],
            module.params["data_upgrade"],
        )
    except (Refused, DockerError) as error:
        module.fail_json(msg=mask(str(error)))
    except OSError as error:
        module.fail_json(msg=f"the release cannot be written: {error}; the live release was not changed")
    result = {
        "changed": shipped.changed,
        "release": shipped.release,
        "plan": shipped.plan,
        "services": shipped.services,
    }
    if module._diff and shipped.diff:
        # Somebody may have written a secret into a file on the host.
        result["diff"] = [{**one, "before": mask(one["before"]), "after": mask(one["after"])} for one in shipped.diff]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
