# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replace a team's Compose files with a description in the inventory; documented in ``plugins/modules/adopt.py``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import inventory_file
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import AdoptedDescription
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    adopted_file,
    adoption,
    arguments,
    inventory,
    terminal,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adopted_file import Proposal
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adoption import UnevaluatedVariables


class ActionModule(ActionBase):
    """``slipway.stack.adopt``."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "adopt")
        base = inventory.base_directory(task_vars)
        try:
            path = adopted_file.target_path(given["to"], _folder(task_vars), _group(task_vars))
            unevaluated = UnevaluatedVariables(
                *(_unevaluated(task_vars, name) for name in ("services", "secrets", "compose_variables"))
            )
            description = adoption.adopted_description(given, base, unevaluated)
            without_annotations = adoption.adopted_description(given, base, unevaluated, without_annotations=True)
            texts = [
                inventory_file.dump(each, given["name"], given["compose_files"])
                for each in (description, without_annotations)
            ]
            proposal = adopted_file.propose(path, *texts, unevaluated.services)
            if not self._task.check_mode:
                proposal.write()
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        replaced = [name for name in adoption.REPLACED_ARGUMENTS if given[name]]
        lines = _lines(proposal, description, replaced, bool(unevaluated.services))
        for name in adopted_file.services_mounting(description, base, path) if lines else ():
            lines.append(f"  service {name!r} mounts the directory of this file; choose another place with adopt_to")
        if lines:
            would = " (nothing is written in check mode)" if self._task.check_mode else ""
            terminal.show("\n".join([f"adopting the Compose files of {given['name']}{would}:", *lines]))
        file = proposal.file
        result.update(
            changed=file.changes,
            path=str(path),
            state=file.state,
            vault=sorted(description.vault),
            remarks=description.remarks,
            diff=[file.diff()] if file.changes else [],
        )
        return result


def _folder(task_vars: Mapping[str, Any]) -> Path | None:
    folder = task_vars.get("inventory_dir")
    return Path(str(folder)) if folder else None


def _group(task_vars: Mapping[str, Any]) -> str:
    """Return the group that the play is for; ``all`` if that is not one group."""
    hosts = str(task_vars.get("stack_hosts") or "stack")
    return hosts if hosts in (task_vars.get("groups") or {}) else "all"


def _unevaluated(task_vars: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a variable of the stack as the inventory writes it. :raises ValueError: if it is one template."""
    value = task_vars.get(f"stack_{name}") or {}
    if not isinstance(value, Mapping):
        raise ValueError(f"stack_{name} is one template, which cannot be kept; write the mapping out")
    return dict(_plain(value))


def _plain(value: Any) -> Any:
    """Return a value without the origin that Ansible adds to it; an encrypted value stays an object."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _lines(proposal: Proposal, description: AdoptedDescription, replaced: list[str], has_services: bool) -> list[str]:
    """Return the output about the file, and what is left to do."""
    file = proposal.file
    if file.state == "unchanged":
        return []
    if file.state == "kept":
        reason = "somebody has changed it" if file.recorded else "it existed before"
        return [f"  {proposal.path} kept: {reason}", *(f"    {line}" for line in file.diff_lines())]
    lines = [f"  {proposal.path} {file.state}", *(f"  {remark}" for remark in description.remarks)]
    lines += [f"  put {where} into a vault, as {name}" for name, where in description.vault.items()]
    obsolete = [f"stack_{name}" for name in replaced] + (["the previous stack_services"] if has_services else [])
    return [
        *lines,
        f"  then remove {' and '.join(obsolete)} from the inventory; playbooks/plan.yml shows what that changes",
    ]
