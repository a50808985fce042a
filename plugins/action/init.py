# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write a first inventory for a repository; documented in ``plugins/modules/init.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    first_inventory,
    first_inventory_lines,
    terminal,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.first_files import Chosen
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree


class ActionModule(ActionBase):
    """``slipway.stack.init``."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars or {}, "init")
        chosen = Chosen(
            given["stack"], given["target"], given["host"], given["hostname"], given["registry"], given["email"]
        )
        try:
            first_inventory.check(chosen)
            tree = Tree(Path(given["project"]))
            folder = first_inventory.folder_of(tree.root, given["to"], given["target"])
            present = first_inventory.existing(folder)
            if present:
                terminal.show("\n".join(first_inventory_lines.kept(folder, present)))
                result.update(
                    changed=False, path=str(folder), state="kept", files=present, decisions=[], switched_off={}
                )
                return result
            made = first_inventory.make(tree, folder, chosen, given["files"], given["profiles"])
            if not self._task.check_mode:
                made.write()
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        terminal.show("\n".join(first_inventory_lines.created(made, self._task.check_mode)))
        result.update(
            changed=True,
            path=str(folder),
            state="created",
            files=list(made.files),
            decisions=first_inventory_lines.plain(made),
            switched_off=dict(made.off),
            diff=[
                {"before": "", "after": text, "after_header": str(folder / name)} for name, text in made.files.items()
            ],
        )
        return result
