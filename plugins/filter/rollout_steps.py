# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of a rollout, hooks among them: an adapter over ``plugin_utils/controller/rollout_steps.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout_steps
short_description: The steps of a rollout in which hosts go together
version_added: 0.3.0
description:
  - The verbs of a rollout and the hooks around them, in their order.
  - The role C(deploy) uses it. It has a file of tasks for each step.
positional: _input, stages, batches, barrier_timeout
options:
  _input:
    description: C(deploy_hooks).
    type: list
    elements: raw
    required: true
  stages:
    description: Number of groups of hosts that begin one after the other.
    type: int
    required: true
  batches:
    description: The hosts that switch at the same time, as lists of names.
    type: list
    elements: list
    required: true
  barrier_timeout:
    description: C(deploy_barrier_timeout). The hooks between two verbs have to take less time.
    type: float
    required: true
author:
  - slipway.stack maintainers (@slipway-stack)
"""

EXAMPLES = r"""
- name: Take one step after the other
  ansible.builtin.include_tasks: "{{ item.do }}.yml"
  loop: "{{ (deploy_hooks | slipway.stack.rollout_steps(1, [ansible_play_hosts], 900)).until_proven }}"
"""

RETURN = r"""
_value:
  description:
    - The steps C(until_proven), in which a failure reverts all hosts, the C(last) ones, and those when all have
      C(reverted). It fails if a hook is not valid.
    - Each step has C(do), its kind, and C(name). C(stage), C(hosts) or C(hook) is what this kind takes.
  type: dict
"""

from collections.abc import Callable, Iterable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import deploy_hooks, rollout_steps


class FilterModule:
    """``slipway.stack.rollout_steps``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"rollout_steps": _steps}


def _steps(given: object, stages: int, batches: Iterable[list[str]], barrier_timeout: float) -> dict[str, Any]:
    try:
        # Secrets in a command are looked for by the actions, which have them.
        hooks = deploy_hooks.read(given, float(barrier_timeout), {})
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None
    return rollout_steps.steps(hooks, int(stages), list(batches))
