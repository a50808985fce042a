# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of ``slipway.stack.report_page``; the code is in ``plugins/action/report_page.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report_page
short_description: Write a report of a stack as one page of HTML
version_added: 0.3.0
description:
  - Makes one file of what M(slipway.stack.report) has read on all hosts. The page asks for nothing from anywhere, has
    light and dark colors, and can be printed.
  - A host that has not answered is named on the page. If none has, the task fails.
  - Replaces an earlier report only. Any other file is left as it is, and the task fails.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  hosts:
    description: The results of M(slipway.stack.report), by host.
    type: dict
    required: true
  requests:
    description: The results of M(slipway.stack.report) with C(around), by host.
    type: dict
    default: {}
  path:
    description: File on the controller. By default C(report-NAME.html) in the working directory.
    type: path
    default: ""
  rollouts:
    description: How many of the last rollouts.
    type: int
    default: 5
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.report
"""

EXAMPLES = r"""
- name: Write the page
  slipway.stack.report_page:
    name: shop
    hosts: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'report_read'))) }}"
    path: shop.html
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: success
"""
