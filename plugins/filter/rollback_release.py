# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The release that a rollback goes to on a host: an adapter over ``plugin_utils/controller/rollback.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollback_release
short_description: The release that a rollback of several hosts goes to on one of them
version_added: 0.3.0
description:
  - Where services are placed on some hosts, a host has had no part in some releases. It is left alone if it had none in
    what is rolled back.
  - The playbook C(rollback) uses it.
positional: _input, host, named
options:
  _input:
    description: The results of M(slipway.stack.status), by the names of the hosts.
    type: dict
    required: true
  host:
    description: The host.
    type: str
    required: true
  named:
    description: The release that the stack goes back to, or V(previous), the one before the newest live one.
    type: str
    required: true
author:
  - slipway.stack maintainers (@slipway-stack)
"""

EXAMPLES = r"""
- name: Leave a host alone that had no part in what is rolled back
  ansible.builtin.meta: end_host
  when: not statuses | slipway.stack.rollback_release(inventory_hostname, rollback_release)
"""

RETURN = r"""
_value:
  description:
    - Empty if the host is left alone.
    - For a named release that another host has had live and this one has not, the one that this host had then.
    - Otherwise what was asked for. It fails if the release was live on no host.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import rollback


class FilterModule:
    """``slipway.stack.rollback_release``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"rollback_release": _release}


def _release(statuses: dict[str, Any], host: str, named: str) -> str:
    try:
        return rollback.release_for(statuses, host, named)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None
