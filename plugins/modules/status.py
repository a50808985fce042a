#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Report what is on a host of one stack: an adapter over ``release/status.py`` and ``backup/standing.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: status
short_description: Report the live release, what runs of it, and what differs
version_added: 0.2.0
description:
  - Reports the services of the live release with their state, the containers and files that differ from the release,
    the releases on the host, the last rollouts with who started them and how they ended, and a rollout that is under
    way.
  - Names containers that were restarted, or in which a process was killed because the memory was used up.
  - Names the files of the stack's directory that are damaged, and what to do about each. If the record of the live
    release is one of them, RV(services) is what runs, as the engine says.
  - Says how old the newest backup is, how the last drill ended, and which volumes no backup has.
  - Changes nothing, and does not fail if something is wrong. M(slipway.stack.verify) does. It fails if nothing was ever
    deployed on the host under this name.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  quiet:
    description: Do not show the status, because M(slipway.stack.show) does.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.verify
  - module: slipway.stack.show
"""

EXAMPLES = r"""
- name: Report what runs
  slipway.stack.status:
    name: shop
"""

RETURN = r"""
release:
  description: Id of the live release. Null if there is none.
  type: str
  returned: success
releases:
  description: Ids of the releases on the host, newest first.
  type: list
  elements: str
  returned: success
proven:
  description: Ids of those that were live once, newest first.
  type: list
  elements: str
  returned: success
services:
  description: The services of the live release, each with C(state), C(reason), C(image) and C(since).
  type: list
  elements: dict
  returned: success
damage:
  description: A sentence for each damaged file of the stack's directory. It names the file and the remedy.
  type: list
  elements: str
  returned: success
drift:
  description: What differs from the release.
  type: list
  elements: dict
  returned: success
incidents:
  description:
    - Containers that ended and were restarted since the release went live, and containers in which a process was killed
      because the memory was used up, each with C(service) and C(reason).
  type: list
  elements: dict
  returned: success
  sample: [{service: edge, reason: "shop-edge-1 used up its memory: 2 processes were killed since ..."}]
rollouts:
  description: The last rollouts, newest first.
  type: list
  elements: dict
  returned: success
certificate:
  description:
    - The certificate of the edge, with C(names), C(issuer), C(source), C(not_after) in seconds of the epoch, C(days)
      left, C(missing), the names of the stack that it is not for, and C(problem), which is why the last try to get or
      renew it failed. Null without HTTPS.
  type: dict
  returned: success
backups:
  description:
    - Where the backups on the host stand. C(services) are those whose data is saved; C(unsaved) are volumes that no
      backup has although the description does not say so. C(newest) is the id of the newest good backup, C(age) its age
      in seconds and C(size) its bytes. C(damage) has a sentence for each damaged one. C(last) has the last result of
      each verb of M(slipway.stack.backup). C(continuous) says of each service that is saved continuously whether its
      WAL is received.
  type: dict
  returned: success
receivers:
  description:
    - Who is told about events, each with C(receiver), and the last message. C(event), C(at) in seconds of the epoch,
      C(reason), which says why it did not arrive. No secret part of a URL is shown.
  type: list
  elements: dict
  returned: success
maintenance:
  description:
    - The maintenance for which the edge is closed, with C(owner), C(since) in seconds of the epoch, C(allow), the
      networks that get through, C(retry_after) in seconds, and C(complete), whether the proxy has it. Null without one.
  type: dict
  returned: success
drained:
  description: A sentence if the host is drained. Empty if it is in service.
  type: str
  returned: success
stopped:
  description: A sentence if somebody has stopped the stack. Empty otherwise.
  type: str
  returned: success
under_way:
  description: A sentence about a rollout that is under way or was interrupted. Null if there is none.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.status import absence
from ansible_collections.slipway.stack.plugins.module_utils.report.standing import standing
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "quiet": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    home = Home(f"{module.params['root']}/{name}")
    missing = absence(home)
    if missing:
        module.fail_json(msg=f"stack '{name}': {missing}")
    try:
        module.exit_json(changed=False, **standing(home, name))
    except DockerError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
