#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.release``; the code is in ``plugins/action/release.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Turn a description into a release and lay it down on the host
description:
  - Completes the description of a stack by its kinds, checks it, renders the Compose documents, files of variables and
    the edge's configuration, and sends all of it to the host in one transfer.
  - On the host the release is compared with the live one. Where nothing differs, everything runs and the probes
    are answered, nothing is done.
    Otherwise images, ports and disk are looked at, and the release is laid down beside the live one.
  - Before it is sent it is held to the policy, whose rules are in C(docs/policy.md). What is bad enough stops it, all
    findings at once.
  - What runs is not touched; M(slipway.stack.rollout) does that.
  - Secrets travel in the request's body only. They are in no output, diff, process list, or file but their own.
extends_documentation_fragment: [slipway.stack.stack, slipway.stack.services, slipway.stack.shared]
options:
  version:
    description: Version that is deployed, for the record.
    type: str
    default: ""
  secrets:
    description:
      - The secrets by name.
      - "Each is a text, or C({generate: LENGTH}) to be made on the host once and kept there."
    type: dict
    default: {}
  probes:
    description: Requests that M(slipway.stack.verify) makes; one for each route of the edge where empty.
    type: list
    elements: dict
    default: []
  min_free:
    description: Bytes that must be free on the disks of the engine and of the stack, such as C(1g).
    type: str
    default: 1g
  allow_downtime:
    description:
      - Data services that may be down while they are replaced. A change to any other stops the deploy; their image
        stays at the digest it has, too.
    type: list
    elements: str
    default: []
  policy_level:
    description: How bad a finding of the policy must be to stop it; one of C(error), C(warning), C(info), C(off).
    type: str
    default: error
  policy_exceptions:
    description: Findings that are right here, each with C(rule) and C(reason), and as wanted C(service),
      C(environment), C(until).
    type: list
    elements: dict
    default: []
  policy_environments:
    description: The inventories of the stack's other environments, by environment and relative to this one, which the
      release is compared with.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Before and after of each file; secrets are not in any of them.
"""

EXAMPLES = r"""
- name: Put the release on the host
  slipway.stack.release:
    name: shop
    environment: production
    services:
      db: {kind: postgres, version: "17"}
      backend:
        kind: fastapi
        image: registry.example.com/shop/backend:1.4.2
        needs: [db]
"""

RETURN = r"""
release:
  description: Id of the release to roll out, or of the live one where nothing differs.
  type: str
  returned: success
  sample: 20261121T101500Z-1a2b3c4d
plan:
  description: For each service what a rollout does to it and why, by the names of what differs.
  type: list
  elements: dict
  returned: success
  sample: [{service: backend, action: roll, downtime: false, because: [image]}]
notes:
  description: By service of the Compose files, its class and why, and what is other than in the files.
  type: dict
  returned: success
  sample: {web: ["is rolling, because nothing prevents two replicas side by side"]}
services:
  description: Each service with its state, where the release was live already and was verified; else empty.
  type: list
  elements: dict
  returned: success
  sample: [{service: backend, state: up, reason: 2 of 2 healthy}]
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to send."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.release runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()
