#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start or follow a rollout on the host: an adapter over ``module_utils/rollout/rollout.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: Roll out a release that is on the host
version_added: 0.2.0
description:
  - Starts the rollout as a process of its own on the host, follows its journal until it ends, and shows each step as it
    happens. The process goes on if the connection is lost.
  - Pulls images by digest. Starts data services first. Runs release jobs from the new image before it replaces anything
    else. Waits until every service is healthy. Then the edge tests and loads its new configuration, and must answer
    with the new release. If a step fails, the rollout reverts to the previous release.
  - Follows a rollout of this release that is under way already. If a rollout of another release is under way, the
    module fails.
  - If a backup is under way, or an earlier rollout still stops what it has replaced, the action waits for its end, for
    up to two thirds of O(barrier_timeout).
  - To roll out several hosts in step, use the verbs V(begin), V(prepare), V(switch) and V(finalize) in one task each. A
    task ends when its host has reached that point.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.downtime
  - slipway.stack.downtime.data
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  release:
    description:
      - Id of the release, from M(slipway.stack.release).
      - V(previous) is the release that was live before the live one. If you use it twice, you go back two releases. A
        release that was rolled back from is not chosen.
      - V(live) is the live release, for O(restart).
    type: str
    required: true
  verb:
    description:
      - V(all) does the whole rollout without waiting for other hosts.
      - V(begin) pulls images and runs release jobs.
      - V(prepare) starts new containers next to the old ones and waits until they are healthy.
      - V(switch) sends requests to the new containers and verifies the new release.
      - V(finalize) stops the old containers. Until then, everything can be reverted.
      - V(abort) reverts a rollout of this release that waits for its next verb. It does nothing if there is none.
    type: str
    choices: [all, begin, prepare, switch, finalize, abort]
    default: all
  first_host:
    description: Whether this host runs the release jobs that run once for all hosts. The action plugin sets this.
    type: bool
    default: true
  tells:
    description: Whether this host tells the receivers of M(slipway.stack.monitoring). The action plugin sets this.
    type: bool
    default: true
  common_id:
    description:
      - Id that the release has on the other hosts of the play. This host uses it, too, if it can.
      - The action plugin sets this.
    type: str
    default: ""
  barrier_timeout:
    description: Number of seconds that the host waits for its next verb before it reverts.
    type: int
    default: 900
  pull_timeout:
    description: Number of seconds without progress after which a pull fails. A slow download may take longer.
    type: int
    default: 120
  compatible:
    description: Whether to skip the question to the images of an older release whether they work with the database.
    type: bool
    default: false
  restart:
    description: Services that are replaced although nothing differs. Needs O(release=live), and runs no release job.
    type: list
    elements: str
    default: []
  canary:
    description:
      - How the new containers are tried, at the end of V(prepare), before all requests go to them. Without it they are
        not. If they answer worse than the old ones in the same time, the rollout fails and reverts.
      - A rollback, a restart and the first release of a stack have no canary. It needs an edge.
    type: dict
    suboptions:
      weight:
        description: Percentage of the requests that go to the new containers, from 0.1 to 90.
        type: float
        default: 10
      for:
        description: How long, such as C(10m). It must be shorter than O(timeout).
        type: str
        required: true
      cookie:
        description:
          - Name of a cookie that keeps a visitor on one release meanwhile, across all services. Its value is the id of
            the release. With Traefik each service has a cookie of its own, C(NAME_SERVICE).
          - If this is empty, there is none, and each request is drawn by itself.
        type: str
        default: slipway_canary
      max_errors:
        description:
          - How many percentage points more of the requests may fail than of those to the old containers of the service,
            such as C(1%). A request has failed if the answer has a status of 500 or more.
        type: str
        default: 1%
      max_slowdown:
        description:
          - How many times as long the new containers may take, by the time within which 95 % of the requests are
            answered. It takes a hundred requests to each side. V(0) is no limit.
        type: float
        default: 3
      min_requests:
        description:
          - Number of requests to the new containers of a service without which their errors are not judged. The rollout
            goes on then, and says so.
        type: int
        default: 20
  keep:
    description: Number of releases to keep on the host.
    type: int
    default: 5
  owner:
    description:
      - Who deploys. It is recorded, and shown to others who try to deploy at the same time.
      - If this is empty, it is the user and the host of the controller.
    type: str
    default: ""
  timeout:
    description:
      - Number of seconds after which the module stops following. The rollout goes on. M(slipway.stack.abort) makes it
        revert.
    type: int
    default: 3600
  follow_until:
    description:
      - V(proven) ends the task when the release serves everyone and is proven. What it has replaced is stopped on the
        host afterwards, which may take as long as the longest C(stop_grace).
    type: str
    choices: [end, proven]
    default: end
  offset:
    description: Place in the journal to read from. Only for the action plugin.
    type: int
attributes:
  check_mode:
    support: full
    details:
      - Shows the release that it would roll out, and the plan. For a release that M(slipway.stack.release) would upload
        in the same play, that module shows them.
  diff_mode:
    support: partial
    details: In check mode, shows each file before and after. No secret is in any of them.
seealso:
  - module: slipway.stack.release
  - module: slipway.stack.verify
  - module: slipway.stack.abort
"""

EXAMPLES = r"""
- name: Roll out the release
  slipway.stack.rollout:
    name: shop
    release: "{{ stack_release.release }}"

- name: Prepare this host for a switch together with others
  slipway.stack.rollout:
    name: shop
    release: "{{ stack_release.release }}"
    verb: "{{ item }}"
  loop: [begin, prepare]

- name: Roll back to the previous release
  slipway.stack.rollout:
    name: shop
    release: previous
"""

RETURN = r"""
release:
  description: Id of the release, for the next verb.
  type: str
  returned: success
joined:
  description: Who started the rollout that is followed, and when. Empty if this task started it.
  type: str
  returned: success
held_by:
  description: With other work under way, such as a backup, who does it, and since when. The action calls again.
  type: str
  returned: if the rollout was not started because of it
finishing:
  description: Whether the host still stops what the release has replaced.
  type: bool
  returned: with O(follow_until=proven)
plan:
  description: What the rollout would do to each service. C(because) names what differs.
  type: list
  elements: dict
  returned: in check mode
reason:
  description: With V(abort), why the rollout failed, with the host on which it did.
  type: str
  returned: if O(verb=abort)
records:
  description: The steps, as in the journal on the host.
  type: list
  elements: dict
  returned: success
"""

from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.release import restarting
from ansible_collections.slipway.stack.plugins.module_utils.release.data_loss import Permissions
from ansible_collections.slipway.stack.plugins.module_utils.release.history import previous_release
from ansible_collections.slipway.stack.plugins.module_utils.release.preview import preview
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import BARRIER_OF_VERB
from ansible_collections.slipway.stack.plugins.module_utils.rollout.data_upgrade import before_upgrade
from ansible_collections.slipway.stack.plugins.module_utils.rollout.entering import enter
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def _preview(home: Home, release: str, params: dict[str, Any], with_diff: bool) -> dict[str, Any]:
    """Return the result of check mode, with the plan where the verb would begin a rollout."""
    result: dict[str, Any] = {"changed": True, "records": [], "release": release}
    if params["verb"] not in ("all", "begin"):
        return result
    permitted = Permissions(params["allow_downtime"], params["changed_in_data"], params["data_back"])
    found = preview(home, release, permitted, params["restart"])
    result.update(restart=params["restart"])
    return {**result, "plan": found.plan, "version": found.version, **({"diff": found.diff} if with_diff else {})}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "release": {"type": "str", "required": True},
            "verb": {"type": "str", "choices": list(BARRIER_OF_VERB), "default": "all"},
            "first_host": {"type": "bool", "default": True},
            "tells": {"type": "bool", "default": True},
            "common_id": {"type": "str", "default": ""},
            "barrier_timeout": {"type": "int", "default": 900},
            "pull_timeout": {"type": "int", "default": 120},
            "compatible": {"type": "bool", "default": False},
            "backup": {"type": "bool", "default": False},
            "data_back": {"type": "list", "elements": "str", "default": []},
            "restart": {"type": "list", "elements": "str", "default": []},
            "canary": {
                "type": "dict",
                "options": {
                    "weight": {"type": "float", "default": 10},
                    "for": {"type": "str", "required": True},
                    "cookie": {"type": "str", "default": "slipway_canary"},
                    "max_errors": {"type": "str", "default": "1%"},
                    "max_slowdown": {"type": "float", "default": 3},
                    "min_requests": {"type": "int", "default": 20},
                },
            },
            "keep": {"type": "int", "default": 5},
            "owner": {"type": "str", "default": ""},
            "allow_downtime": {"type": "list", "elements": "str", "default": []},
            "changed_in_data": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 3600},
            "follow_until": {"type": "str", "choices": ["end", "proven"], "default": "end"},
            "offset": {"type": "int"},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    release, offset, joined = params["release"], params["offset"], ""
    with module_work.failures_answered(module, "the rollout was not started"):
        if offset is None:
            if release == "previous":
                release = before_upgrade(home) if params["data_back"] else previous_release(home)
            release = restarting.resolve(home, release, params["restart"])
            if module.check_mode:
                module.exit_json(**_preview(home, release, params, module._diff))
            offset, joined, release = module_work.after_short_work(module, home, partial(enter, home, release, params))
            if offset is None:
                module.exit_json(changed=False, records=[], release=release)
        records, offset = follow(home, release, offset)
    module.exit_json(changed=True, records=records, offset=offset, release=release, joined=joined)


if __name__ == "__main__":
    main()
