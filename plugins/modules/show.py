#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.show``; the code is in ``plugins/action/show.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: show
short_description: Show what all hosts of a stack have answered, as one document
version_added: 0.3.0
description:
  - Shows what M(slipway.stack.status) or M(slipway.stack.history) has returned on all hosts, as JSON or Markdown, or
    the lines of M(slipway.stack.logs) of all hosts by time.
  - With O(what=services), shows nothing, and fails if no host has one of O(wanted).
  - Runs on the controller and does not contact the hosts. Run it once for all hosts.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  what:
    description: The module whose results are shown.
    type: str
    required: true
    choices: [status, history, logs, services]
  results:
    description: What the module has returned, by name of the host. Empty for a host that did not answer.
    type: dict
    required: true
  format:
    description:
      - How they are shown. V(text) shows nothing, because the module itself has shown it. Logs are always text.
    type: str
    default: text
    choices: [text, json, markdown]
  wanted:
    description: Names of the services that were asked for. Fails if no host has one of them.
    type: list
    elements: str
    default: []
  to:
    description: A file on the controller that gets the document, too. Not written in check mode.
    type: path
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.status
  - module: slipway.stack.history
  - module: slipway.stack.logs
"""

EXAMPLES = r"""
- name: Show the status of all hosts as one document
  slipway.stack.show:
    name: shop
    what: status
    results: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'status_result'))) }}"
    format: json
  run_once: true
"""

RETURN = r"""
document:
  description: The document. Empty with O(format=text).
  type: str
  returned: success
"""
