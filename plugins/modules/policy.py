# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.policy``; the code is in ``plugins/action/policy.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: policy
short_description: Check Compose files against the policy
version_added: 0.2.0
description:
  - Reads Compose files as Compose does, with merging, C(include), C(extends), anchors and variables, and checks them
    against the rules in C(docs/policy.md).
  - Runs on the controller, contacts no host and changes nothing. Fails if a finding is at least as bad as O(level).
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
options:
  files:
    description:
      - The files of one stack, in the order in which Compose merges them.
      - Paths are relative to the directory where C(ansible-playbook) was called.
    type: list
    elements: path
    required: true
  environment:
    description: Environment of these files. It decides how bad a finding is.
    type: str
    default: production
  also:
    description: Files of other environments of the same stack, by name of the environment, to compare with.
    type: dict
    default: {}
  profiles:
    description:
      - Active profiles. If you leave this out, they are those of E(COMPOSE_PROFILES) in C(.env); without both, all
        services are checked.
    type: list
    elements: str
  config:
    description: File with settings. If you leave this out, it is C(.slipway-policy.yml) next to the first file.
    type: path
  level:
    description:
      - How bad a finding must be to fail. One of V(error), V(warning), V(info) and V(off).
      - If you leave this out, the settings decide.
    type: str
  exceptions:
    description:
      - Findings to accept. Each has a C(rule) and a C(reason), and optionally C(service), C(environment) and C(until).
    type: list
    elements: dict
    default: []
  baseline:
    description: File with known findings. They do not count.
    type: path
  report:
    description: File on the controller to write a report to.
    type: path
  format:
    description: Format of O(report).
    type: str
    choices: [table, json, sarif, junit, github]
    default: json
requirements:
  - PyYAML, on the controller
author:
  - slipway.stack maintainers (@slipway-stack)
attributes:
  check_mode:
    support: full
    details: Does not write O(report) in check mode.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.release
"""

EXAMPLES = r"""
- name: Check the Compose files against the policy
  slipway.stack.policy:
    files: [docker-compose.yml, docker-compose.prod.yml]
    environment: production
    report: policy.sarif
    format: sarif
"""

RETURN = r"""
findings:
  description: What was found, the worst first. A finding that is excepted or known is included and marked.
  type: list
  elements: dict
  returned: always
  sample:
    - rule: SLP080
      severity: error
      service: db
      message: publishes the datastore's port 5432 on all addresses
      file: docker-compose.yml
      line: 12
"""
