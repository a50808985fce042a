#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Report what was done to a stack on a host: an adapter over ``module_utils/operation/history.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: history
short_description: Report what was done to a stack, when and by whom
version_added: 0.3.0
description:
  - Reports the rollouts, rollbacks, rotations, restores and refreshes of a stack from the records on the host, with
    who did it, which version and commit it was, how long it took, how it ended, and why it failed.
  - Changes nothing. Fails if nothing was ever deployed on the host under this name.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  last:
    description: Number of entries, from 1 to 10000.
    type: int
    default: 20
  quiet:
    description: Do not show the entries, because M(slipway.stack.show) does.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.status
  - module: slipway.stack.show
"""

EXAMPLES = r"""
- name: Report the last five entries
  slipway.stack.history:
    name: shop
    last: 5
"""

RETURN = r"""
entries:
  description:
    - The entries, newest last. C(at) is when it ended, C(what) is C(deploy), C(rollback), C(restore) and so on,
      C(outcome) is C(ok) or C(failed). C(release) is the id of the release, or of the backup or snapshot
      that the data came from.
  type: list
  elements: dict
  returned: success
  sample:
    - at: "2026-11-02T09:14:07Z"
      what: deploy
      release: 20261102T091350Z-1f9c2a7e
      version: 1.4.2
      commit: 9f8e7d6c5b4a
      owner: ada@laptop
      seconds: 16.9
      outcome: ok
      reason: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.operation.history import history
from ansible_collections.slipway.stack.plugins.module_utils.release.status import absence
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "last": {"type": "int", "default": 20},
            "quiet": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    name, last = module.params["name"], module.params["last"]
    home = Home(f"{module.params['root']}/{name}")
    if not 1 <= last <= 10000:
        module.fail_json(msg=f"history: {last} is not a number of entries from 1 to 10000")
    missing = absence(home)
    if missing:
        module.fail_json(msg=f"stack '{name}': {missing}")
    module.exit_json(changed=False, entries=history(home, last, masking(home)))


if __name__ == "__main__":
    main()
