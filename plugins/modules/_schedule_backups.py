#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.schedule_backups``: an adapter over ``module_utils/backup/schedule.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _schedule_backups
short_description: "[INTERNAL] Write the timers of a stack's backups"
description:
  - B(This module is internal to the collection.) M(slipway.stack.schedule_backups) calls it. Its options can change at
    any time.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  root:
    description: Directory of the stacks.
    type: path
    required: true
  schedule:
    description: When to take a backup.
    type: str
    required: true
  drill_schedule:
    description: When to check the newest backup.
    type: str
    required: true
  delay:
    description: Seconds by which a timer may be late.
    type: int
    required: true
  keep:
    description: Number of backups on the host.
    type: int
    required: true
  archive_timeout:
    description: Seconds for one archive.
    type: int
    required: true
  continuous_days:
    description: Days for which a service that is saved continuously can be restored to any second.
    type: int
    required: true
  continuous_full_every:
    description: How many base backups there are for each full one.
    type: int
    required: true
  continuous_send_every:
    description: Seconds between two times that WAL is sent to the repository, 0 if it is sent with backups only.
    type: int
    required: true
  repository:
    description: See M(slipway.stack.schedule_backups).
    type: str
    required: true
  repository_host:
    description: See M(slipway.stack.schedule_backups).
    type: str
    required: true
  retention:
    description: How many backups stay in the repository, by C(daily), C(weekly) and C(monthly).
    type: dict
    required: true
  environment:
    description: The values of the variables that restic needs for the repository.
    type: dict
    required: true
  program:
    description: The program that the timers start, in Base64.
    type: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.schedule_backups
"""

EXAMPLES = r"""
- name: Back up the stack every night
  slipway.stack.schedule_backups:
    name: shop
    schedule: "*-*-* 03:15:00"
"""

RETURN = r"""
written:
  description: Files and timers that were changed.
  type: list
  elements: str
  returned: success
"""

import base64

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.backup import receiver_units
from ansible_collections.slipway.stack.plugins.module_utils.backup.schedule import (
    Schedule,
    apply,
    program_of,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import SystemdError


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "required": True},
            "schedule": {"type": "str", "required": True},
            "drill_schedule": {"type": "str", "required": True},
            "delay": {"type": "int", "required": True},
            "keep": {"type": "int", "required": True},
            "archive_timeout": {"type": "int", "required": True},
            "continuous_days": {"type": "int", "required": True},
            "continuous_full_every": {"type": "int", "required": True},
            "continuous_send_every": {"type": "int", "required": True},
            "repository": {"type": "str", "required": True},
            "repository_host": {"type": "str", "required": True},
            "retention": {"type": "dict", "required": True},
            "environment": {"type": "dict", "required": True, "no_log": True},
            "program": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params

    run = systemd.runner(module)
    schedule = Schedule(
        backup=params["schedule"],
        drill=params["drill_schedule"],
        delay=params["delay"],
        settings=Settings(
            keep=params["keep"],
            archive_timeout=params["archive_timeout"],
            continuous_days=params["continuous_days"],
            continuous_full_every=params["continuous_full_every"],
            continuous_send_every=params["continuous_send_every"],
            repository=params["repository"],
            repository_host=params["repository_host"],
            retention=params["retention"],
        ),
        environment=params["environment"],
    )
    home = Home(f"{params['root']}/{params['name']}")
    try:
        written = apply(home, params["name"], schedule, base64.b64decode(params["program"]), run, module.check_mode)
        is_new_program = program_of(home).name in written
        written += receiver_units.apply(home, params["name"], is_new_program, run, module.check_mode)
    except SystemdError as error:
        module.fail_json(msg=f"stack '{params['name']}': {error}")
    except OSError as error:
        module.fail_json(msg=f"stack '{params['name']}': the timers cannot be written: {error}")
    module.exit_json(changed=bool(written), written=written)


if __name__ == "__main__":
    main()
