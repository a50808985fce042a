# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make a masked snapshot, show the steps and download it; documented in ``plugins/modules/masked_snapshot.py``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    followed_work,
    module_call,
    terminal,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh import lookup_tables, rules_file
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh.lookup_tables import FakerMissingError
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh.rules import RulesError

_MODULE = "slipway.stack.masked_snapshot"


class ActionModule(ActionBase):
    """``slipway.stack.masked_snapshot``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        host = self._task.delegate_to or task_vars.get("inventory_hostname", "")
        given = arguments.given(self, task_vars, "masked_snapshot")
        given["owner"] = given.get("owner") or module_call.owner()
        given["host"] = host
        making = given.get("verb", "make") == "make"
        if making:
            given |= self._rules(given.get("rules_file"), given.get("locale", "en_US"))
        variables = module_call.prepare(self, task_vars)

        def call(module_arguments: dict[str, Any]) -> dict[str, Any]:
            if module_arguments.get("offset") is not None:
                # Only the first call needs them. They are large.
                module_arguments = {**module_arguments, "rules": {}, "lookups": {}, "key": ""}
            answer: dict[str, Any] = self._execute_module(
                module_name=_MODULE, module_args=module_arguments, task_vars=variables
            )
            return answer

        if not making:
            result.update(call(given))
            if given.get("proposal") and "tables" in result:
                result.update(self._proposed(Path(self._loader.path_dwim(given["proposal"])), result["tables"]))
            return result
        result.update(followed_work.follow(call, given, host))
        if given.get("dest") and result.get("records") and not result.get("failed"):
            folder = Path(self._loader.path_dwim(given["dest"]))
            result["dest"] = str(self._download({**given, "release": result["release"]}, folder, variables))
        return result

    def _rules(self, path: str | None, locale: str) -> dict[str, Any]:
        """Return the arguments that the host masks by. :raises AnsibleActionFail: naming what is wrong with a file."""
        if not path:
            raise AnsibleActionFail("rules_file is required; write a first one with -e refresh_propose=true")
        try:
            return {"rules": rules_file.read(Path(self._loader.path_dwim(path))), "lookups": lookup_tables.make(locale)}
        except (FakerMissingError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None

    def _proposed(self, path: Path, tables: list[dict[str, Any]]) -> dict[str, Any]:
        """Write the proposal, and return what changes in the result."""
        try:
            undecided = rules_file.propose(path, tables)
        except RulesError as error:
            raise AnsibleActionFail(str(error)) from None
        columns = sum(len(table["columns"]) for table in tables)
        terminal.show(f"{path}: {len(tables)} tables, {columns} columns; you must decide {undecided} of them")
        return {"changed": True, "tables": []}

    def _download(self, given: dict[str, Any], folder: Path, variables: dict[str, Any]) -> Path:
        """Download the snapshot as a stream of the connection, and return its file on the controller.

        A copy on the host belongs to the user of the connection for this time.

        :param folder: a directory on the controller; it is created if it is missing.
        :raises AnsibleError: if it cannot be copied or downloaded. Then there is no file on the controller.
        """
        there = self._make_tmp_path()
        try:
            wanted: dict[str, Any] = {key: given[key] for key in ("name", "root", "release") if key in given}
            handed: dict[str, Any] = self._execute_module(
                module_name=_MODULE,
                module_args=wanted | {"verb": "hand_over", "folder": there},
                task_vars=variables,
            )
            if handed.get("failed"):
                raise AnsibleError(str(handed.get("msg")))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = folder / f"{given['name']}-{Path(handed['copy']).name}"
            # The file exists with its mode before it has content.
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                self._connection.fetch_file(handed["copy"], str(file))
            except BaseException:
                file.unlink(missing_ok=True)
                raise
            return file
        except OSError as error:
            raise AnsibleError(f"the snapshot cannot be written to {folder}: {error.strerror}") from None
        finally:
            self._remove_tmp_path(there)
