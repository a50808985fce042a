# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.release``; the code is in ``plugins/action/release.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Render a release from a description and upload it to the host
version_added: 0.2.0
description:
  - Completes the description of a stack with the defaults of its kinds, checks it, and renders the Compose files, the
    files of variables and the configuration of the edge. One transfer uploads all of it to the host.
  - Checks the release against the policy before it uploads anything. The rules are in C(docs/policy.md). A finding that
    is bad enough stops the task, and the message lists all findings.
  - Compares the release with the live one on the host. If nothing differs, everything runs and the probes are answered,
    it does nothing.
  - Otherwise checks images, ports and disk space, and writes the new release next to the live one.
  - Does not touch what runs. M(slipway.stack.rollout) does that.
  - Sends secrets in the body of the request only. They are in no output, diff or process list, and in no file but their
    own.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.services
  - slipway.stack.shared
  - slipway.stack.secrets
  - slipway.stack.secrets.probes
  - slipway.stack.downtime
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  version:
    description: Version that is deployed. It is recorded.
    type: str
    default: ""
  data_upgrade:
    description:
      - Data services whose data the rollout of this release writes anew, because the image is of another major version.
        They are down meanwhile.
    type: list
    elements: str
    default: []
  moved_data:
    description:
      - Data services whose data somebody has moved to another host. Without it, another host for a data service is
        refused, because it would start there without its data.
    type: list
    elements: str
    default: []
  min_free:
    description: Space that must be free on the disks of the engine and of the stack, such as V(1g).
    type: str
    default: 1g
  policy_level:
    description:
      - How bad a finding of the policy must be to stop the release. One of V(error), V(warning), V(info) and V(off).
    type: str
    default: error
  policy_exceptions:
    description:
      - Findings to accept. Each has a C(rule) and a C(reason), and optionally C(service), C(environment) and C(until).
    type: list
    elements: dict
    default: []
  policy_environments:
    description:
      - Inventories of the stack's other environments, by name of the environment. Paths are relative to this inventory.
      - The policy compares the release with them.
    type: dict
    default: {}
  own_variables:
    description:
      - Names of your own variables that begin like those of the collection, or patterns with V(*).
      - An unknown variable that begins with C(stack_) is an error, and so is one that resembles a variable of a
        role, because it is probably misspelt. A variable that another variable uses is accepted without being
        named here.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows each file before and after. No secret is in any of them.
seealso:
  - module: slipway.stack.rollout
  - module: slipway.stack.policy
"""

EXAMPLES = r"""
- name: Render and upload the release
  slipway.stack.release:
    name: shop
    environment: production
    services:
      db: {kind: postgres, version: "17"}
      backend:
        kind: fastapi
        image: registry.example.com/shop/backend:1.4.2
        needs: [db]

- name: Take the description from the variables stack_name, stack_environment, stack_services and so on
  slipway.stack.release:
"""

RETURN = r"""
release:
  description: Id of the release to roll out, or of the live release if nothing differs.
  type: str
  returned: success
  sample: 20261121T101500Z-1a2b3c4d
plan:
  description: What a rollout does to each service. C(because) names what differs.
  type: list
  elements: dict
  returned: success
  sample: [{service: backend, action: roll, downtime: false, because: [image]}]
notes:
  description:
    - For each service of your own Compose files, its update strategy, the reason for it, and what is different from the
      files.
  type: dict
  returned: success
  sample: {web: ["is rolling, because nothing prevents two replicas side by side"]}
services:
  description: The state of each service, if the release was live already and was verified. Otherwise empty.
  type: list
  elements: dict
  returned: success
  sample: [{service: backend, state: up, reason: 2 of 2 healthy}]
"""
