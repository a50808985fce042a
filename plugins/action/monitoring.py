# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Monitor a stack on its host; documented in ``plugins/modules/monitoring.py``."""

from __future__ import annotations

import base64
import json
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    metrics_settings,
    receivers,
    server_program,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.monitoring``."""

    MODULE = "slipway.stack._monitoring"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the settings, and the program that the units start."""
        given = arguments.complete(self, task_vars, "monitoring")
        try:
            metrics_settings.check_metrics(given["metrics_directory"], given["metrics_every"])
            told = receivers.read(given["receivers"], given["secrets"])
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        return {
            **{name: given[name] for name in ("name", "root", "metrics_directory", "metrics_every")},
            "receivers": json.dumps(told),
            "program": base64.b64encode(server_program.pack("monitoring.program")).decode(),
        }
