#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read the logs of a stack on a host: an adapter over ``module_utils/operation/logs.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: logs
short_description: Read the logs of services, of all their containers by time
version_added: 0.3.0
description:
  - Reads the logs of the containers of a stack on the host, also of those that have ended and that the engine still
    has, and returns the newest lines by time. Secrets of the stack are masked in them.
  - With O(follow=true), shows new lines as they come, until O(follow_for) is over or you press Ctrl-C.
  - At most 256 MiB are read in at most 30 s, and 2 MiB are returned. RV(notes) says it if something is missing.
  - Changes nothing.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  service:
    description: Names of the services. Without one, all services of the stack.
    type: list
    elements: str
    default: []
  since:
    description:
      - How far to go back. A time span such as V(10m) or V(1h30m), or a time such as V(2026-11-26 08:15:00+00).
    type: str
    default: 10m
  grep:
    description: Only lines with this text. Capital and small letters are the same.
    type: str
    default: ""
  lines:
    description: The largest number of lines of a host, from 1 to 10000. The newest lines are shown.
    type: int
    default: 500
  follow:
    description: Show new lines as they come. The lines from before are left out.
    type: bool
    default: false
  follow_for:
    description: Seconds after which following ends.
    type: int
    default: 600
  cursor:
    description: Where to go on, in seconds of the epoch. RV(until) of an earlier call. By default now.
    type: float
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.show
"""

EXAMPLES = r"""
- name: Read what the backend said in the last hour
  slipway.stack.logs:
    name: shop
    service: backend
    since: 1h
"""

RETURN = r"""
lines:
  description: The lines, oldest first, each with C(at), C(service), C(container) and C(text).
  type: list
  elements: dict
  returned: success
notes:
  description: Sentences about what is not in the lines.
  type: list
  elements: str
  returned: success
known:
  description: Names of the services that the host has.
  type: list
  elements: str
  returned: success
until:
  description: The time up to which the logs were read, in seconds of the epoch.
  type: float
  returned: success
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.operation import logs
from ansible_collections.slipway.stack.plugins.module_utils.release.status import absence
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "service": {"type": "list", "elements": "str", "default": []},
            "since": {"type": "str", "default": "10m"},
            "grep": {"type": "str", "default": ""},
            "lines": {"type": "int", "default": 500},
            "follow": {"type": "bool", "default": False},
            "follow_for": {"type": "int", "default": 600},
            "cursor": {"type": "float"},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    with module_work.failures_answered(module, "no log was read"):
        if missing := absence(home):
            raise RolloutFailed(missing)
        if not 1 <= params["lines"] <= logs.MAX_LINES:
            raise RolloutFailed(f"lines: {params['lines']} is not a number from 1 to {logs.MAX_LINES}")
        now = time.time()
        start = logs.since(params["since"], now)
        if params["follow"]:
            start = now if params["cursor"] is None else params["cursor"]
        query = logs.Query(tuple(params["service"]), start, params["grep"], params["lines"])
        read = logs.follow if params["follow"] else logs.read
        found = read(home, params["name"], query, masking(home))
    module.exit_json(changed=False, **vars(found))


if __name__ == "__main__":
    main()
