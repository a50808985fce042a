# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write a stack into a developer's checkout; documented in ``plugins/modules/workspace.py``."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, inventory, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import (
    development_files,
    dockerfiles,
    loaded_data,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace.checkout import Checkout, File, Secrets

_OPTIONAL_FILES = ("Dockerfile", ".dockerignore")
_SERVER_ENVIRONMENTS = ("production", "staging")


class ActionModule(ActionBase):
    """``slipway.stack.workspace``."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "workspace")
        try:
            root = _root(given)
            stack = development_files.for_checkout(
                inventory.developed_stack(given, inventory.base_directory(task_vars), root)
            )
            images = dockerfiles.base_images({str(name): str(image) for name, image in given["images"].items()})
            checkout = Checkout(root, development_files.STATE)
            files = checkout.compare(development_files.files(stack, images))
            created = _write_secrets(stack, root, dry=bool(self._task.check_mode))
            if not self._task.check_mode:
                checkout.write(files)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        lines = [line for file in files for line in _file_lines(file, bool(self._task.diff))]
        lines += [f"  {name} created" for name in created]
        lines += [f"  {problem}" for problem in _stage_problems(stack, files)]
        if lines:
            would = " (nothing is written in check mode)" if self._task.check_mode else ""
            terminal.show("\n".join([f"workspace of {stack.name} in {root}{would}:", *lines]))
        if given["data"] and not self._task.check_mode:
            data = Path(given["data"]).expanduser()
            try:
                loaded_data.load(root, data, given["data_service"], stack, terminal.show)
            except (RolloutFailed, DockerError) as error:
                raise AnsibleActionFail(f"workspace_data: {error}") from None
        result.update(
            changed=bool(created or given["data"]) or any(file.changes for file in files),
            files=[{"path": file.path, "state": file.state} for file in files],
            secrets=created,
            diff=[file.diff() for file in files if file.changes],
        )
        return result


def _root(given: dict[str, Any]) -> Path:
    if given["environment"] in _SERVER_ENVIRONMENTS:
        raise ValueError(
            f"stack_environment: {given['environment']} is for servers, and its secrets must not be in a checkout; "
            f"use another inventory, or set -e stack_environment=development"
        )
    root = Path(given["path"]).resolve()
    if not root.is_dir():
        raise ValueError(f"workspace_path: {root} is not a directory; name the directory that contains the sources")
    return root


def _write_secrets(stack: Stack, root: Path, dry: bool) -> list[str]:
    """Write the missing files of secrets, and return a name for each."""
    store = Secrets(root / development_files.HOME, dry)
    sources = {name: secret.source() for name, secret in stack.secrets.items()}
    store.addresses(bundle.secret_files(stack), sources)
    return [f"secret {name}" for name in store.written]


def _file_lines(file: File, show_all: bool) -> list[str]:
    """Return a line about a file that is written, and a diff for a file that a person has changed.

    :param show_all: return a diff for a file that existed before the first run, too.
    """
    if file.state == "unchanged":
        return []
    if file.state != "kept":
        return [f"  {file.path} {file.state}"]
    if file.path == development_files.PERSONAL and not file.missing_variables:
        # People change the values in this file.
        return []
    if not (file.recorded or show_all):
        if posixpath.basename(file.path) in _OPTIONAL_FILES:
            # They are only for sources without one.
            return []
        return [f"  {file.path} kept: it existed before; --diff shows what would be written"]
    reason = "somebody has changed it" if file.recorded else "it existed before"
    return [f"  {file.path} kept: {reason}", *(f"    {line}" for line in file.diff_lines())]


def _stage_problems(stack: Stack, files: list[File]) -> list[str]:
    """Return a line about each kept Dockerfile that lacks the stage which the overlay builds."""
    kept = {file.path: file.current or "" for file in files if file.state == "kept"}
    return [
        f"{path} has no stage {stage!r}, which {' and '.join(services)} would build: "
        f"add it, or name another one in 'development.target'"
        for path, stage, services in dockerfiles.missing_stages(stack, kept)
    ]
