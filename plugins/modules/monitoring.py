#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The documentation of ``slipway.stack.monitoring``; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: monitoring
short_description: Write the metrics of a stack, and tell others about its rollouts
version_added: 0.3.0
description:
  - Writes units of systemd that write metrics for the textfile collector of node_exporter, on a timer and after each
    rollout. They need no controller.
  - Writes units of systemd that tell receivers about rollouts, and about backups, drills and certificates of timers. No
    rollout waits for a receiver, or fails because of one.
  - Without a directory, removes the units and the metrics. Without receivers, nobody is told.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.secrets
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  metrics_directory:
    description:
      - Directory on the host that node_exporter's option C(--collector.textfile.directory) names. It has to exist.
      - Empty for no metrics.
    type: str
    default: ""
  metrics_every:
    description: Seconds between two times that the metrics are written, at least 15.
    type: int
    default: 60
  receivers:
    description:
      - Who is told about events, each a mapping. C(docs/notifications.md) has the keys and the events.
      - One of C(url), C(url_secret), the name of a secret in O(secrets), C(mail_to) and C(command) is required.
      - C(format) is V(json) or V(slack). C(events) lists the events. C(name) is for the status.
    type: list
    elements: raw
    default: []
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.status
"""

EXAMPLES = r"""
- name: Write metrics for node_exporter
  slipway.stack.monitoring:
    name: shop
    metrics_directory: /var/lib/prometheus/node-exporter

- name: Tell a channel of Slack when a rollout or a backup fails
  slipway.stack.monitoring:
    name: shop
    receivers:
      - url: "{{ vault_slack_webhook }}"
        format: slack
        events: [rollout_failed, rollout_reverted, backup_failed]
"""

RETURN = r"""
written:
  description: Files and units that were changed.
  type: list
  elements: str
  returned: success
"""
