#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.hook``; the code is in ``plugins/action/hook.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: hook
short_description: Run a command of your own around a verb of a rollout
version_added: 0.3.0
description:
  - The role C(deploy) uses it for C(deploy_hooks). C(docs/hooks.md) has the points, the variables and what happens if a
    hook fails.
  - A hook of the controller runs once for all hosts of the play, on the machine where Ansible runs, as the same user
    and with the same environment. Its working directory is that of the inventory.
  - A hook of the host runs on each host of the play, as the user that the play becomes. Its working directory is that
    of the stack.
  - At its time limit, the command and its whole process group are killed. What it leaves running in this group is
    killed, too. At most the last 16 KiB of its output are kept, and secrets of the stack are masked in it.
  - Fails if the hook is at a point C(before_…) and fails. At a point C(after_…), this is a warning.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.secrets
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  release:
    description: Id of the release, V(previous) or V(live), as in M(slipway.stack.rollout).
    type: str
    required: true
  hook:
    description:
      - An entry of C(deploy_hooks).
      - C(at) and C(command) are required. C(run_on), C(timeout) and C(name) are optional.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    details: Shows what it would run.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.rollout
"""

EXAMPLES = r"""
- name: Ask a service outside whether the shop may be deployed now
  slipway.stack.hook:
    name: shop
    release: "{{ stack_release.release }}"
    hook:
      at: before_begin
      command: [curl, --fail, "https://calendar.example.com/may-deploy/shop"]
      timeout: 20
"""

RETURN = r"""
code:
  description: Exit code of the command. Negative if a signal ended it, none if it was killed at its time limit.
  type: int
  returned: if it has run
seconds:
  description: Time that it took.
  type: float
  returned: if it has run
lines:
  description: The last lines of its output, standard output and standard error together.
  type: list
  elements: str
  returned: if it has run
"""
