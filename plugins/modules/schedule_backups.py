#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The documentation of ``slipway.stack.schedule_backups``; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: schedule_backups
short_description: Back up a stack on a timer of the host
version_added: 0.3.0
description:
  - Writes timers of systemd that save the data of a stack and check the newest backup. They need no controller.
  - The host needs systemd and C(zstd). The role C(backup) installs it.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  schedule:
    description: When to take a backup, as a calendar of systemd. Empty for no timer.
    type: str
    default: "*-*-* 03:15:00"
  drill_schedule:
    description: When to restore the newest backup into copies and compare them. Empty for no timer.
    type: str
    default: ""
  delay:
    description: Seconds by which a timer may be late, so that many stacks do not start at once.
    type: int
    default: 300
  keep:
    description: Number of backups to keep on the host.
    type: int
    default: 7
  archive_timeout:
    description: Seconds that one archive may take.
    type: int
    default: 21600
  continuous_days:
    description: Days for which a service that is saved continuously can be restored to any second.
    type: int
    default: 7
  continuous_full_every:
    description: How many base backups there are for each full one. The others save what has changed.
    type: int
    default: 7
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.backup
"""

EXAMPLES = r"""
- name: Back up the stack every night, and check the backup on Sundays
  slipway.stack.schedule_backups:
    name: shop
    schedule: "*-*-* 03:15:00"
    drill_schedule: Sun *-*-* 05:00:00
"""

RETURN = r"""
written:
  description: Files and timers that were changed.
  type: list
  elements: str
  returned: success
"""
