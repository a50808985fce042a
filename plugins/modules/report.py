#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what a report says about a host: an adapter over ``module_utils/report/facts.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Read what a report of a stack says about a host
version_added: 0.3.0
description:
  - Returns the state of the stack, what its release consists of, the last rollouts with the time of each part, and the
    requests that the edge answered around them. Changes nothing.
  - Secrets are in it by their names only.
  - M(slipway.stack.report_page) makes a page of the results of all hosts.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  rollouts:
    description: How many of the last rollouts, at most 50.
    type: int
    default: 5
  around:
    description:
      - Rollouts of all hosts, each with C(start) and C(end) in seconds of the epoch. If this is given, the module
        returns the requests around them, and nothing else.
    type: list
    elements: dict
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.report_page
  - module: slipway.stack.status
"""

EXAMPLES = r"""
- name: Read what each host knows
  slipway.stack.report:
    name: shop
  register: report_read
"""

RETURN = r"""
status:
  description: What M(slipway.stack.status) returns.
  type: dict
  returned: without O(around)
facts:
  description:
    - Of the live release C(environment), C(version), C(commit), C(services) with what they need and publish, and
      C(findings) of the policy at its upload. C(timelines) are the last rollouts.
  type: dict
  returned: without O(around)
requests:
  description:
    - For each of O(around), C(start), and the numbers of C(answered) and C(failed) requests in one second after the
      other. Empty if the host has no edge that clients send requests to.
  type: list
  elements: dict
  returned: with O(around)
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.status import absence
from ansible_collections.slipway.stack.plugins.module_utils.report.facts import facts, requests_around
from ansible_collections.slipway.stack.plugins.module_utils.report.standing import standing
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: How many rollouts a report may have.
_MOST = 50
#: Of how many rollouts requests are counted, those of all hosts together.
_MOST_TIMES = 1000


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "rollouts": {"type": "int", "default": 5},
            "around": {"type": "list", "elements": "dict"},
        },
        supports_check_mode=True,
    )
    name, rollouts = module.params["name"], module.params["rollouts"]
    if not 1 <= rollouts <= _MOST:
        module.fail_json(msg=f"rollouts is {rollouts}; a report has 1 to {_MOST} of them")
    home = Home(f"{module.params['root']}/{name}")
    missing = absence(home)
    if missing:
        module.fail_json(msg=f"stack '{name}': {missing}")
    around = module.params["around"]
    try:
        if around is not None:
            times = [(float(one["start"]), float(one["end"])) for one in around[:_MOST_TIMES]]
            module.exit_json(changed=False, requests=requests_around(home, name, times))
        module.exit_json(changed=False, status=standing(home, name), facts=facts(home, rollouts))
    except DockerError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
