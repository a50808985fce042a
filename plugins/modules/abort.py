#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell a rollout to revert: an adapter over ``module_utils/rollout/aborting.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: abort
short_description: Tell a rollout that is under way to revert
version_added: 0.3.0
description:
  - Tells the rollout that is under way on the host to revert, whoever started it. Follows it until it has ended, and
    shows each step as it happens.
  - The rollout stops what it waits for, such as a release job, a pull or a health check. Then it reverts as after any
    failure. Its release job is not undone.
  - Fails if the new release is verified already, because then the old containers stop. Fails, too, if the rollout was
    interrupted, and says what to do.
  - Does nothing if no rollout is under way.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  owner:
    description:
      - Who aborts the rollout. It is recorded.
      - If this is empty, it is the user and the host of the controller.
    type: str
    default: ""
  timeout:
    description: Number of seconds in which the rollout must have ended. After that the module fails.
    type: int
    default: 600
  release:
    description: Id of the release whose rollout is followed. Only for the action plugin.
    type: str
  offset:
    description: Place in the journal to read from. Only for the action plugin.
    type: int
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.rollout
  - module: slipway.stack.status
"""

EXAMPLES = r"""
- name: Abort the rollout that is under way
  slipway.stack.abort:
    name: shop
"""

RETURN = r"""
release:
  description: Id of the release whose rollout was aborted. Empty if no rollout is under way.
  type: str
  returned: success
records:
  description: The steps of the revert, as in the journal on the host.
  type: list
  elements: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.rollout import aborting
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "owner": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 600},
            "release": {"type": "str"},
            "offset": {"type": "int"},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    release, offset = params["release"], params["offset"]
    try:
        if offset is None:
            found = aborting.begin(home, params["owner"], module.check_mode)
            if found is None:
                module.exit_json(changed=False, records=[], release="", msg="no rollout is under way")
            started_by = f"the rollout of {found.release} by {found.owner}"
            if module.check_mode:
                module.exit_json(changed=True, records=[], release=found.release, msg=f"would abort {started_by}")
            module.exit_json(
                changed=True, records=[], release=found.release, offset=found.offset, msg=f"aborting {started_by}"
            )
        records, offset = follow(home, release, offset)
        answer = {"records": records, "offset": offset, "release": release}
        if records and records[-1]["step"] == "end":
            text, state = str(records[-1]["text"]), str(records[-1]["state"])
            answer["msg"] = aborting.outcome(home, release, text, state)
    except RolloutFailed as error:
        module.fail_json(msg=f"stack '{params['name']}': {error}")
    module.exit_json(changed=True, **answer)


if __name__ == "__main__":
    main()
