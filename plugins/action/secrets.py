# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Store the stack's secrets on the host, before any release; documented in ``plugins/modules/secrets.py``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.secrets``."""

    MODULE = "slipway.stack._store_secrets"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the files with secrets, and the sources of these secrets."""
        # Before the first release nobody knows the version of an image. Secrets do not depend on it.
        given = arguments.complete(self, task_vars, "secrets", partly=("services", "compose_variables"))
        variables = task_vars.get("stack_compose_variables")
        if isinstance(variables, Mapping):
            given["compose_variables"] = {**dict.fromkeys(variables, "unknown"), **given["compose_variables"]}
        try:
            bundle = inventory.bundle_of(given, inventory.base_directory(task_vars))
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        return {"home": bundle.home, "files": list(bundle.secret_files), "sources": json.dumps(bundle.secrets())}
