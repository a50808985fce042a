# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Store the stack's secrets on the host, before any release; documented in ``plugins/modules/secrets.py``."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import without_version
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.secrets``."""

    MODULE = "slipway.stack._store_secrets"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the files with secrets, and the sources of these secrets."""
        _stack, bundle = without_version.described(self, task_vars, "secrets")
        return {"home": bundle.home, "files": list(bundle.secret_files), "sources": json.dumps(bundle.secrets())}
