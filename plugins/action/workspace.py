# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write the files for development into a developer's checkout; documented in ``plugins/modules/workspace.py``."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import development_files, dockerfiles
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace.checkout import Checkout, File, Secrets

display = Display()

_BESIDE = ("Dockerfile", ".dockerignore")
_SERVERS = ("production", "staging")


class ActionModule(ActionBase):
    """``slipway.stack.workspace``."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            {
                **inventory.SERVICE_ARGUMENTS,
                **inventory.SHARED_ARGUMENTS,
                "secrets": {"type": "dict", "default": {}, "no_log": True},
                "path": {"type": "path", "required": True},
                "images": {"type": "dict", "default": {}},
            }
        )
        try:
            root = _root(arguments)
            stack = development_files.placed(inventory.developed(arguments, inventory.base_directory(task_vars), root))
            images = dockerfiles.images({str(name): str(image) for name, image in arguments["images"].items()})
            checkout = Checkout(root, development_files.STATE)
            files = checkout.compare(development_files.files(stack, images))
            made = _secrets(stack, root, dry=bool(self._task.check_mode))
            if not self._task.check_mode:
                checkout.write(files)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        lines = [line for file in files for line in _told(file, bool(self._task.diff))]
        lines += [f"  {name} made" for name in made]
        lines += [f"  {problem}" for problem in _unfit(stack, files)]
        if lines:
            would = " (nothing is written in check mode)" if self._task.check_mode else ""
            display.display("\n".join([f"workspace of {stack.name} in {root}{would}:", *lines]))
        result.update(
            changed=bool(made) or any(file.writes for file in files),
            files=[{"path": file.path, "state": file.state} for file in files],
            secrets=made,
            diff=[file.diff() for file in files if file.writes],
        )
        return result


def _root(arguments: dict[str, Any]) -> Path:
    if arguments["environment"] in _SERVERS:
        raise ValueError(
            f"stack_environment: {arguments['environment']} is for servers, and its secrets are none for a checkout; "
            f"take the inventory of another, or set -e stack_environment=development"
        )
    root = Path(arguments["path"]).resolve()
    if not root.is_dir():
        raise ValueError(f"workspace_path: {root} is not a directory; name the one that the sources are in")
    return root


def _secrets(stack: Stack, root: Path, dry: bool) -> list[str]:
    """Write the secret files that are missing, and return them in words."""
    store = Secrets(root / development_files.HOME, dry)
    sources = {name: {"value": one.value, "generate": one.generate} for name, one in stack.secrets.items()}
    store.addresses(bundle.secret_files(stack), sources)
    return [f"secret {name}" for name in store.written]


def _told(file: File, fully: bool) -> list[str]:
    """Return a line about a file that is written. For a file that a person has changed, also return the difference.

    :param fully: whether to show the difference of a file that was there before the first run.
    """
    if file.state == "unchanged":
        return []
    if file.state != "kept":
        return [f"  {file.path} {file.state}"]
    if file.path == development_files.PERSONAL and not file.lacks:
        # People are meant to change its values.
        return []
    if not (file.known or fully):
        if posixpath.basename(file.path) in _BESIDE:
            # These are written only for sources that have none.
            return []
        return [f"  {file.path} kept: it was there before; --diff shows what would be written"]
    why = "somebody has changed it" if file.known else "it was there before"
    return [f"  {file.path} kept: {why}", *(f"    {line}" for line in file.difference())]


def _unfit(stack: Stack, files: list[File]) -> list[str]:
    """Return a line about each Dockerfile of a person that lacks the stage to build."""
    kept = {file.path: file.before or "" for file in files if file.state == "kept"}
    return [
        f"{path} has no stage {stage!r}, which {' and '.join(services)} would be built at: "
        f"add it, or say another under 'development.target'"
        for path, stage, services in dockerfiles.lacking(stack, kept)
    ]
