# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Try the ports of a host from another one; documented in ``plugins/modules/exposure.py``."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.slipway.stack.plugins.module_utils.edge.exposure import is_loopback
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import report, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall

_SSH = 22


class ActionModule(OneCall):
    """``slipway.stack.exposure``."""

    MODULE = "slipway.stack.exposure"

    def arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the module's arguments, completed by names and addresses from the inventory."""
        given = super().arguments(task_vars)
        host, origin = str(task_vars.get("inventory_hostname", "")), self._origin()
        addresses = given.get("addresses") or [str(task_vars.get("ansible_host") or host)]
        local = [address for address in addresses if is_loopback(str(address))]
        if local:
            raise AnsibleActionFail(
                f"{local[0]} is the address of {host} from here, and {origin} would try its own ports there; set "
                f"verify_addresses to addresses of {host} that {origin} reaches"
            )
        ssh = int(task_vars.get("ansible_port") or _SSH)
        allowed = [*given.get("allowed_ports", []), ssh]
        private = given.get("private_address") or self._templar.template(task_vars.get("stack_address") or "")
        names = {"private_address": str(private), "host": host, "origin": origin}
        return {**given, "addresses": addresses, "allowed_ports": allowed, **names}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        host, origin = str(task_vars.get("inventory_hostname", "")), self._origin()
        known = (task_vars.get("groups") or {}).get("all", [])
        if origin not in (*known, "localhost"):
            raise AnsibleActionFail(f"verify_from: there is no host {origin!r} in the inventory; name one that it has")
        if origin == host:
            # From the host itself every port can be reached that any program listens on.
            if len(task_vars.get("ansible_play_hosts_all") or []) < 2:
                raise AnsibleActionFail(
                    f"verify_from: {host} cannot prove what others reach of itself; name another host of the inventory"
                )
            terminal.show(f"ports of {host} are not tried from itself; name another host in verify_from for them")
            return {"changed": False, "skipped": True, "addresses": [], "expected": [], "problems": []}
        return super().run(tmp, task_vars)

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return what was heard of each address."""
        return report.exposure_lines(host, self._origin(), result)

    def _origin(self) -> str:
        return str(self._task.delegate_to or "")
