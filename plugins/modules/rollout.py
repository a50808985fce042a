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
  - If a backup is under way, the action waits for its end, for up to two thirds of O(barrier_timeout).
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
    description:
      - Whether this host runs the release jobs that run once for all hosts.
      - The action plugin sets this. It is V(true) for the first host of the play.
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
  description: With a backup under way, who takes it, and since when. The action calls the module again.
  type: str
  returned: if the rollout was not started because of a backup
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
from ansible_collections.slipway.stack.plugins.module_utils.release.data_loss import Permissions
from ansible_collections.slipway.stack.plugins.module_utils.release.history import previous_release
from ansible_collections.slipway.stack.plugins.module_utils.release.preview import preview
from ansible_collections.slipway.stack.plugins.module_utils.rollout import common_id, module_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import BARRIER_OF_VERB, permit
from ansible_collections.slipway.stack.plugins.module_utils.rollout.data_upgrade import before_upgrade
from ansible_collections.slipway.stack.plugins.module_utils.rollout.detach import detach
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state import drain, journal, rotation
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease, describe, holder
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions

#: The barrier at which the rollout waits for each verb.
_WAITS_AT = {"prepare": "ready", "switch": "prepared", "finalize": "proven"}


def enter(home: Home, release: str, params: dict[str, Any]) -> tuple[int | None, str, str]:
    """Start a rollout or join one of the same release, and permit it to go on up to the barrier of the verb.

    :return: the offset in the journal to read from, ``None`` if nothing is left to do; a sentence that says who started
        the rollout that was joined; and the id of the release, which is another one if it got that of the other hosts.
    :raises LeaseHeld: if a rollout of another release is under way.
    :raises RolloutFailed: if the release is not on this host, or the verb needs a rollout that is not under way.
    """
    verb = params["verb"]
    current = holder(home.lease)
    if current and current["release"] == release:
        joined = describe(home.lease) if verb in ("all", "begin") else ""
        offset = journal.size(home.journal) if verb == "abort" else int(current["journal"])
        if verb in _WAITS_AT:
            offset = journal.offset_after(home.journal, offset, _WAITS_AT[verb])
        permit(home.barrier, release, BARRIER_OF_VERB[verb])
        return offset, joined, release
    if verb in ("all", "begin"):
        chosen = common_id.choose(home, release, params["common_id"])
        return _start(home, release, chosen, params), "", chosen
    if verb == "abort" or home.current_id() == release:
        return None, "", release
    raise RolloutFailed(_failure(home, release))


def _start(home: Home, uploaded: str, release: str, params: dict[str, Any]) -> int:
    """Start a rollout in a detached process, and return the offset in the journal where its records start.

    :param uploaded: the id that the release has; *release* is the one that it gets.
    """
    if not home.state.is_dir():
        raise RolloutFailed(f"release {release} is not on this host; nothing was ever deployed here")
    lease = Lease(home.lease, params["owner"], release, lambda: journal.open_for(home.journal))
    if problem := rotation.unfinished(home) or drain.obstacle(home):
        raise RolloutFailed(problem)
    common_id.rename(home, uploaded, release)
    options = RolloutOptions(
        release=release,
        keep=params["keep"],
        owner=params["owner"],
        allow_downtime=tuple(params["allow_downtime"]),
        changed_in_data=tuple(params["changed_in_data"]),
        compatible=params["compatible"],
        backup=params["backup"],
        data_back=tuple(params["data_back"]),
        with_barriers=params["verb"] != "all",
        first_host=params["first_host"],
        barrier_timeout=params["barrier_timeout"],
        pull_timeout=params["pull_timeout"],
    )
    rollout = Rollout(home, options)
    for request in (home.barrier, home.abort):
        request.unlink(missing_ok=True)
    permit(home.barrier, release, BARRIER_OF_VERB[params["verb"]])
    detach(lease.hand_over(rollout.run), home.log, rollout.mask)
    lease.close_own_copy()
    return lease.journal_offset


def _failure(home: Home, release: str) -> str:
    """Return why no rollout of *release* waits for its next verb: how the last one failed, if it did."""
    failed = [record for record in journal.read(home.journal, 0)[0] if record["state"] == "failed"]
    if failed and failed[-1]["release"] == release:
        return ". ".join(record["text"] for record in failed[-2:])
    return f"no rollout of release {release} is under way; run the playbook again"


def _preview(home: Home, release: str, params: dict[str, Any], with_diff: bool) -> dict[str, Any]:
    """Return the result of check mode, with the plan where the verb would begin a rollout."""
    result: dict[str, Any] = {"changed": True, "records": [], "release": release}
    if params["verb"] not in ("all", "begin"):
        return result
    permitted = Permissions(params["allow_downtime"], params["changed_in_data"], params["data_back"])
    found = preview(home, release, permitted)
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
            "common_id": {"type": "str", "default": ""},
            "barrier_timeout": {"type": "int", "default": 900},
            "pull_timeout": {"type": "int", "default": 120},
            "compatible": {"type": "bool", "default": False},
            "backup": {"type": "bool", "default": False},
            "data_back": {"type": "list", "elements": "str", "default": []},
            "keep": {"type": "int", "default": 5},
            "owner": {"type": "str", "default": ""},
            "allow_downtime": {"type": "list", "elements": "str", "default": []},
            "changed_in_data": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 3600},
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
            if module.check_mode:
                module.exit_json(**_preview(home, release, params, module._diff))
            offset, joined, release = module_work.after_backup(module, partial(enter, home, release, params))
            if offset is None:
                module.exit_json(changed=False, records=[], release=release)
        records, offset = follow(home, release, offset)
    module.exit_json(changed=True, records=records, offset=offset, release=release, joined=joined)


if __name__ == "__main__":
    main()
