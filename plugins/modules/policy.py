#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.policy``; the code is in ``plugins/action/policy.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: policy
short_description: Hold Compose files to the policy
description:
  - Reads Compose files as Compose does, merged, with C(include), C(extends), anchors and variables, and holds them to
    the rules in C(docs/policy.md).
  - Runs on the controller, asks no host and changes nothing. Fails where a finding is as bad as O(level).
options:
  files:
    description:
      - The files of one stack, in the order in which Compose merges them.
      - Relative paths start where C(ansible-playbook) was called.
    type: list
    elements: path
    required: true
  environment:
    description: Environment that they are for; it says how bad a finding is.
    type: str
    default: production
  also:
    description: Files of other environments of the same stack by name, to compare with.
    type: dict
    default: {}
  profiles:
    description: Active profiles; all services are looked at where not given.
    type: list
    elements: str
  config:
    description: File of settings; C(.slipway-policy.yml) beside the first file where not given.
    type: path
  level:
    description: How bad a finding must be to fail; one of C(error), C(warning), C(info), C(off).
    type: str
  exceptions:
    description: Findings that are right here, each with C(rule) and C(reason), and as wanted C(service),
      C(environment), C(until).
    type: list
    elements: dict
    default: []
  baseline:
    description: File of findings that are known and do not count.
    type: path
  report:
    description: File on the controller that the report is written to.
    type: path
  format:
    description: Format of that file.
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
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Hold the stack to the policy
  slipway.stack.policy:
    files: [docker-compose.yml, docker-compose.prod.yml]
    environment: production
    report: policy.sarif
    format: sarif
"""

RETURN = r"""
findings:
  description: What was found, the worst first; what is excepted or known is among it and marked so.
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

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to read."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.policy runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()
