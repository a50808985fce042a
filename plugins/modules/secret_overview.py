# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.secret_overview``, which is in ``plugins/action``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_overview
short_description: Show which secrets a stack has, without their values
version_added: 0.3.0
description:
  - Shows each secret with the services that read it, where its value comes from, since when it is live on the host, and
    whether the description has another value than the live release. No value is shown or returned.
  - Fails if a secret that a service names has no source or no value. The message names all of them.
  - Needs no version of the application, as M(slipway.stack.secrets).
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.services
  - slipway.stack.secrets
  - slipway.stack.secrets.probes
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.secrets
  - module: slipway.stack.status
"""

EXAMPLES = r"""
- name: Show the secrets
  slipway.stack.secret_overview:
    name: shop
    environment: production
    services: "{{ stack_services }}"
    secrets:
      secret_key: {generate: 50}
      smtp_password: "{{ vault_smtp_password }}"
"""

RETURN = r"""
release:
  description: Id of the live release. Null if there is none.
  type: str
  returned: success
overview:
  description:
    - The secrets. C(source) says where the value comes from, and C(readers) names each service with the path or the
      variable that it reads.
    - C(state) is V(live), V(differs) if the description has another value than the live release, V(new) if the live
      release does not have it, V(lost) if the only copy of a generated value is gone, V(unused) if no service reads it,
      or V(left) if the description does not have it any more.
    - C(since) is the second of the epoch at which the live value was written to the host, or null.
  type: list
  elements: dict
  returned: success
  sample:
    - name: smtp_password
      source: variable vault_smtp_password
      readers: ["backend: /run/secrets/smtp_password"]
      state: live
      since: 1795813201.5
"""
