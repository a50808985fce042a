# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Back up a stack on a timer of the host; documented in ``plugins/modules/schedule_backups.py``."""

from __future__ import annotations

import base64
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    repository_settings,
    server_program,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.schedule_backups``."""

    MODULE = "slipway.stack._schedule_backups"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the schedule, and the program that the timers start."""
        given = arguments.complete(self, task_vars, "schedule_backups")
        names = ("name", "root", "schedule", "drill_schedule", "delay", "keep", "archive_timeout")
        names += ("continuous_days", "continuous_full_every", "continuous_send_every", "repository_host")
        try:
            names_of = given["repository_secrets"]
            environment = repository_settings.environment(given["repository"], names_of, given["secrets"])
            retention = repository_settings.retention(given["retention"])
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        program = base64.b64encode(server_program.pack("backup.program")).decode()
        return {
            **{name: given[name] for name in names},
            "repository": given["repository"],
            "retention": retention,
            "environment": environment,
            "program": program,
        }
