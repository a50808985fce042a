#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start or follow a rollout on the host: an adapter over ``module_utils/rollout.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: Make a release that is on the host the one that runs
description:
  - Starts the rollout as a process of its own on the host, which goes on when the connection is lost, and follows its
    journal until it ends, showing each step as it happens.
  - Images are pulled by digest; data services come first; release jobs run from the new image before anything else is
    replaced; every service must become healthy; then the edge takes its new configuration, tested, and must answer
    with the new release. A failure puts the previous release back.
extends_documentation_fragment: [slipway.stack.stack]
options:
  release:
    description:
      - Id of the release, from M(slipway.stack.release).
      - V(previous) is the one that was live before the live one; doing that twice goes back twice.
    type: str
    required: true
  keep:
    description: Number of releases to keep on the host.
    type: int
    default: 5
  owner:
    description: Who deploys, for the lease and the record; user and host of the controller where empty.
    type: str
    default: ""
  allow_downtime:
    description: Data services that may be down while they are replaced. A change to any other stops the rollout.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds after which to stop following. The rollout itself goes on.
    type: int
    default: 1800
  offset:
    description: Place in the journal to read on from. For the action plugin; leave it out.
    type: int
attributes:
  check_mode:
    support: full
    details: Does nothing; M(slipway.stack.release) shows the plan.
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Roll the release out
  slipway.stack.rollout:
    name: shop
    release: "{{ stack_release.release }}"

- name: Go back to the release before
  slipway.stack.rollout:
    name: shop
    release: previous
"""

RETURN = r"""
records:
  description: The steps, as the journal on the host has them.
  type: list
  elements: dict
  returned: success
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils import journal
from ansible_collections.slipway.stack.plugins.module_utils.detach import detach
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.lease import Lease, LeaseHeld, holder
from ansible_collections.slipway.stack.plugins.module_utils.release import Refused, before
from ansible_collections.slipway.stack.plugins.module_utils.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.running import RolloutFailed

#: Longest time, in seconds, that one call waits for something to tell.
_PATIENCE = 5.0
#: How long it waits for more once there is something: fewer round trips, and still seen as it happens.
_COALESCE = 0.2


def start(home: Home, release: str, params: dict[str, Any]) -> int:
    """Start a rollout in a process of its own and return the place in the journal where its records begin.

    :raises LeaseHeld: when one is under way.
    :raises RolloutFailed: when the release is not on this host.
    """
    lease = Lease(home.lease, params["owner"], release)
    rollout = Rollout(home, release, params["keep"], params["owner"], params["allow_downtime"])
    offset = journal.size(home.journal)
    detach(rollout.run, home.log)
    lease.hand_over()
    return offset


def follow(home: Home, offset: int) -> tuple[list[dict[str, object]], int]:
    """Return what the journal says after *offset*, and the place after that; wait up to five seconds for something.

    :raises RolloutFailed: when the rollout's process is gone without having written its end.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        alive = holder(home.lease) is not None
        records, behind = journal.read(home.journal, offset)
        if records and records[-1]["step"] != "end":
            time.sleep(_COALESCE)
            records, behind = journal.read(home.journal, offset)
        if not records and not alive:
            raise RolloutFailed(
                f"the rollout's process on the host died; {home.log} may say why. Run the playbook again"
            )
        if records or time.monotonic() > deadline:
            return records, behind
        time.sleep(0.1)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "default": "/opt/stacks"},
            "release": {"type": "str", "required": True},
            "keep": {"type": "int", "default": 5},
            "owner": {"type": "str", "default": ""},
            "allow_downtime": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 1800},
            "offset": {"type": "int"},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True, records=[])
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    offset = params["offset"]
    try:
        if offset is None:
            release_id = before(home) if params["release"] == "previous" else params["release"]
            offset = start(home, release_id, params)
        records, offset = follow(home, offset)
    except LeaseHeld as error:
        module.fail_json(msg=f"stack '{params['name']}': {error}; wait for it, or look with the status playbook")
    except (RolloutFailed, Refused) as error:
        module.fail_json(msg=f"stack '{params['name']}': {error}")
    module.exit_json(changed=True, records=records, offset=offset)


if __name__ == "__main__":
    main()
