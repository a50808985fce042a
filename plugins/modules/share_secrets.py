# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.share_secrets``; the code is in ``plugins/action``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: share_secrets
short_description: Let the hosts of a stack read the same generated secrets
version_added: 0.3.0
description:
  - Where services name their hosts, a secret that is generated and that services of several hosts read is generated on
    one of them. This module asks each host for those that it generates. M(slipway.stack.release) and
    M(slipway.stack.secrets) send them to the others, if its result is registered as C(stack_shared) or
    C(secrets_shared).
  - Asks no host of a stack whose services are on all of its hosts. Each of these has secrets of its own.
  - The result is sealed with a key that only this run of Ansible has.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.services
  - slipway.stack.shared
  - slipway.stack.secrets
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.release
"""

EXAMPLES = r"""
- name: Share the secrets that services of several hosts read
  slipway.stack.share_secrets:
  register: stack_shared
"""

RETURN = r"""
sealed:
  description: The secrets that this host has generated for others, too, by name.
  type: dict
  returned: success
"""
