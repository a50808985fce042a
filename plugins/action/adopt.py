# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write a team's Compose files into the inventory; documented in ``plugins/modules/adopt.py``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import inventory_file
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import Adopted
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import adoption, inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adoption import Proposal, Raw

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.adopt``."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            {**inventory.SERVICE_ARGUMENTS, **inventory.SHARED_ARGUMENTS, "to": {"type": "str", "default": ""}}
        )
        base = inventory.base_directory(task_vars)
        try:
            path = adoption.place(arguments["to"], _folder(task_vars), _group(task_vars))
            raw = Raw(*(_raw(task_vars, name) for name in ("services", "secrets", "compose_variables")))
            found = adoption.adopted(arguments, base, raw)
            alone = adoption.adopted(arguments, base, raw, alone=True)
            texts = [inventory_file.dump(one, arguments["name"], arguments["compose_files"]) for one in (found, alone)]
            proposal = adoption.proposal(path, *texts, raw.services)
            if not self._task.check_mode:
                proposal.write()
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        lines = _told(proposal, found, [name for name in adoption.ANSWERED if arguments[name]], bool(raw.services))
        for name in adoption.mounting(found, base, path) if lines else ():
            lines.append(
                f"  service {name!r} has this file mounted with what is around it; adopt_to names another place"
            )
        if lines:
            would = " (nothing is written in check mode)" if self._task.check_mode else ""
            display.display("\n".join([f"adopting the Compose files of {arguments['name']}{would}:", *lines]))
        file = proposal.file
        result.update(
            changed=file.writes,
            path=str(path),
            state=file.state,
            vault=sorted(found.vault),
            remarks=found.remarks,
            diff=[file.diff()] if file.writes else [],
        )
        return result


def _folder(task_vars: Mapping[str, Any]) -> Path | None:
    folder = task_vars.get("inventory_dir")
    return Path(str(folder)) if folder else None


def _group(task_vars: Mapping[str, Any]) -> str:
    """Return the group that the play runs on; ``all`` if it is not a single group."""
    hosts = str(task_vars.get("stack_hosts") or "stack")
    return hosts if hosts in (task_vars.get("groups") or {}) else "all"


def _raw(task_vars: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a variable of the stack as the inventory writes it. :raises ValueError: if it is a single template."""
    found = task_vars.get(f"stack_{name}") or {}
    if not isinstance(found, Mapping):
        raise ValueError(f"stack_{name} is one template, of which nothing can be kept; write the mapping out")
    return dict(_plain(found))


def _plain(value: Any) -> Any:
    """Return a value without Ansible's tags of its origin. An encrypted value stays the object that it is."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _told(proposal: Proposal, found: Adopted, answered: list[str], said: bool) -> list[str]:
    file = proposal.file
    if file.state == "unchanged":
        return []
    if file.state == "kept":
        why = "somebody has changed it" if file.known else "it was there before"
        return [f"  {proposal.path} kept: {why}", *(f"    {line}" for line in file.difference())]
    lines = [f"  {proposal.path} {file.state}", *(f"  {remark}" for remark in found.remarks)]
    lines += [f"  put {where} into a vault, as {name}" for name, where in found.vault.items()]
    gone = [f"stack_{name}" for name in answered] + (["stack_services as it was"] if said else [])
    return [
        *lines,
        f"  then take {' and '.join(gone)} out of the inventory; playbooks/plan.yml shows what that changes",
    ]
