# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hosts of a play, checked before it starts: an adapter over ``plugin_utils/controller/run_scope.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hosts
short_description: Hosts of a play, with an error if there are none
version_added: 0.3.0
description:
  - Returns the pattern for the C(hosts) of a play.
  - Ansible skips a play without hosts and exits with code 0. This lookup fails before the play starts if no host
    matches the pattern, if C(--limit) leaves none of these hosts, if C(--tags) and C(--skip-tags) leave no task of the
    playbook, or if no task has the name that C(--start-at-task) gives.
  - With C(--limit), a play without hosts is a warning if the playbook has several plays.
  - The playbooks of the collection use it. Use it in plays of your own that call the roles.
  - Checks nothing for C(--syntax-check) and the options that only list something.
options:
  _terms:
    description: The pattern, as in C(hosts) of a play.
    type: list
    elements: str
    required: true
author:
  - slipway.stack maintainers (@slipway-stack)
"""

EXAMPLES = r"""
- name: Deploy the stack
  hosts: "{{ lookup('slipway.stack.hosts', stack_hosts | default('stack')) }}"
  roles:
    - slipway.stack.stack
    - slipway.stack.deploy
"""

RETURN = r"""
_raw:
  description: The pattern.
  type: list
  elements: str
"""

from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import run_scope

#: Options with which ansible-playbook runs nothing.
_RUNS_NOTHING = ("syntax", "listhosts", "listtasks", "listtags")


class LookupModule(LookupBase):
    """``slipway.stack.hosts``."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the pattern. :raises AnsibleLookupError: if the play would do nothing."""
        parts = [str(part) for term in terms for part in (term if isinstance(term, list) else [term])]
        pattern = ",".join(parts)
        if any(context.CLIARGS.get(option) for option in _RUNS_NOTHING):
            return [pattern]
        playbooks = [str(path) for path in context.CLIARGS.get("args", ())]
        try:
            run_scope.check_hosts(pattern, variables or {}, playbooks)
            run_scope.check_tags(variables or {}, playbooks)
            run_scope.check_first_task(context.CLIARGS.get("start_at_task"), playbooks)
        except ValueError as error:
            raise AnsibleLookupError(str(error)) from None
        return [pattern]
