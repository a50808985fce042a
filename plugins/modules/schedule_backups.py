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
  - slipway.stack.secrets
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
  continuous_send_every:
    description: Seconds between two times that WAL is sent to the repository, 0 if it is sent with backups only.
    type: int
    default: 300
  repository:
    description:
      - A repository of restic in its own notation, such as C(rest:https://backup.example.com/shop), C(sftp:host:/path),
        C(s3:https://s3.example.com/bucket) or a path. Each backup is sent there. Empty for none.
    type: str
    default: ""
  repository_host:
    description:
      - Name of the host in the repository. Empty for its host name. A new server that replaces another one has its
        name.
    type: str
    default: ""
  repository_secrets:
    description:
      - By the name of a variable that restic reads, the name of the secret that has its value. C(RESTIC_PASSWORD) is
        required. The secret has a value of its own, because a server would lose what it has generated.
    type: dict
    default: {}
  retention:
    description:
      - How many backups stay in the repository. C(daily) is the number of days of which the last one stays; C(weekly)
        and C(monthly) are the same for weeks and months.
    type: dict
    default: {daily: 7, weekly: 4, monthly: 12}
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
