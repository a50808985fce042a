# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Compare the inventory with a Swarm; documented in ``plugins/modules/swarm_plan.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, placement, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import cluster, lines, managers, plan
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Host, Network, Wanted


class ActionModule(ActionBase):
    """``slipway.stack.swarm_plan``."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "swarm_plan")
        names, matched = placement.hosts_and_matching(task_vars, given["managers"])
        missing = [name for name in names if name not in given["reports"]]
        if missing:
            raise AnsibleActionFail(
                f"the play leaves out {', '.join(missing)}, and the hosts of a stack are one Swarm; run it without "
                "--limit, or take the host out of the group"
            )
        hosts = [_host(name, task_vars["hostvars"][name], given) for name in names]
        try:
            wanted = _wanted(given, managers.choose(names, given["managers"], matched), task_vars)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        found, problems = plan.make(hosts, wanted)
        if found is None:
            raise AnsibleActionFail("\n".join(problems))
        untried = [name for name in names if name not in found.prove]
        shown = (
            [] if given["quiet"] else lines.of_plan(found, wanted.network) + lines.of_untried(untried, wanted.network)
        )
        if shown:
            terminal.show("\n".join(shown))
        return {**result, "changed": bool(self._task.check_mode) and found.changes, "plan": found.as_dict()}


def _host(name: str, variables: Mapping[str, Any], given: Mapping[str, Any]) -> Host:
    address, groups = str(variables.get("stack_address") or ""), list(variables.get("group_names") or [])
    return cluster.host(name, address, groups, given["reports"][name], given["network"])


def _wanted(given: Mapping[str, Any], chosen: tuple[str, ...], task_vars: Mapping[str, Any]) -> Wanted:
    subnets = (given["subnet"],) if given["subnet"] else ()
    return Wanted(
        managers=chosen,
        network=Network(given["network"], encrypted=given["encrypted"], mtu=given["mtu"], subnets=subnets),
        pools=tuple(given["address_pools"]),
        autolock=given["autolock"],
        remove=tuple(given["remove"]),
        inventory=frozenset((task_vars.get("groups") or {}).get("all") or ()),
    )
