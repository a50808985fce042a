# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Send requests over an overlay network, and judge the answers; documented in ``plugins/modules/swarm_probe.py``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import lines
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Network


class ActionModule(OneCall):
    """``slipway.stack.swarm_probe``."""

    MODULE = "slipway.stack.swarm_probe"
    _supports_check_mode = False

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the module's arguments, with the name of the host, which does not ask itself."""
        given, host = super().arguments(task_vars), str(task_vars.get("inventory_hostname", ""))
        addresses = {name: one for name, one in (given.get("addresses") or {}).items() if one and name != host}
        return {**given, "host": host, "addresses": addresses}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        if self._task.args.get("verb") != "judge":
            return super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars or {}, "swarm_probe")
        network = Network(given["network"], encrypted=given["encrypted"])
        found = lines.of_proof(given["opened"], given["answers"], network)
        if found.pairs and not found.problem:
            terminal.show(
                f"network {network.name}: {found.pairs} of {found.pairs} requests between hosts were answered"
            )
        return {"changed": False, "problem": found.problem, "again": found.again}
