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
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adopted_file import Alone, Proposal
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
            unevaluated = UnevaluatedVariables.of(task_vars)
            description = adoption.adopted_description(given, base, unevaluated)
            text = inventory_file.dump(description, given["name"], given["compose_files"])
            alone = _alone(given, base, unevaluated)
            proposal = adopted_file.propose(path, text, alone, unevaluated.services)
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


def _alone(given: Mapping[str, Any], base: Path, unevaluated: UnevaluatedVariables) -> Alone:
    """Return what the Compose files alone say, without what the inventory says about their services."""
    try:
        description = adoption.adopted_description(given, base, unevaluated, without_annotations=True)
    except ValueError as error:
        # The files may need the inventory, such as a replaced mount. So only a change of the files can be noticed.
        texts = [(base / str(name)).read_bytes().decode("utf-8", "replace") for name in given["compose_files"]]
        return Alone(None, "\n".join([str(error), *texts]))
    text = inventory_file.dump(description, given["name"], given["compose_files"])
    return Alone(text, text)


def _folder(task_vars: Mapping[str, Any]) -> Path | None:
    folder = task_vars.get("inventory_dir")
    return Path(str(folder)) if folder else None


def _group(task_vars: Mapping[str, Any]) -> str:
    """Return the group that the play is for; ``all`` if that is not one group."""
    hosts = str(task_vars.get("stack_hosts") or "stack")
    return hosts if hosts in (task_vars.get("groups") or {}) else "all"


def _lines(proposal: Proposal, description: AdoptedDescription, replaced: list[str], has_services: bool) -> list[str]:
    """Return the output about the file, and what is left to do."""
    file = proposal.file
    if file.state == "unchanged":
        return []
    if file.state == "kept":
        reason = "somebody has changed it" if file.recorded else "it existed before"
        if file.desired == file.current:
            reason = "it has settings of the inventory, without which the changed Compose files cannot be adopted"
        return [f"  {proposal.path} kept: {reason}", *(f"    {line}" for line in file.diff_lines())]
    lines = [f"  {proposal.path} {file.state}", *(f"  {remark}" for remark in description.remarks)]
    lines += [f"  put {where} into a vault, as {name}" for name, where in description.vault.items()]
    obsolete = [f"stack_{name}" for name in replaced] + (["the previous stack_services"] if has_services else [])
    return [
        *lines,
        f"  then remove {' and '.join(obsolete)} from the inventory; playbooks/plan.yml shows what that changes",
    ]
