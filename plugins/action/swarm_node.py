# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what a host is in a Swarm, and show the nodes; documented in ``plugins/modules/swarm_node.py``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import cluster, lines


class ActionModule(OneCall):
    """``slipway.stack.swarm_node``."""

    MODULE = "slipway.stack.swarm_node"

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return the table of the nodes: the leader's, so that there is one. Other hosts have what differs only."""
        if result.get("failed") or not self._task.args.get("show"):
            return []
        nodes = [cluster.node(one) for one in result["nodes"]]
        if any(node.leader and node.id == result["node"] for node in nodes):
            return lines.of_nodes(nodes)
        reason = result["leaderless"] or result["error"]
        is_usual = result["state"] == "active" and not reason
        return [] if is_usual else [f"{host}  {result['state']} in a Swarm{f': {reason}' if reason else ''}"]
