# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Upload images that are in no registry to the host; documented in ``plugins/modules/send.py``."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.module_utils.engine import image_references, image_transfer
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    inventory,
    module_call,
    placement,
    terminal,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.images import archive, buildx
from ansible_collections.slipway.stack.plugins.plugin_utils.images.buildx import BuildError

_MODULE = "slipway.stack._load_images"


class ActionModule(ActionBase):
    """``slipway.stack.send``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "send")
        try:
            place = placement.of(task_vars, given)
            stack = inventory.without_secrets(given, inventory.base_directory(task_vars), place)
            to_build = _to_build(stack) if self._task.check_mode else []
            wanted = _local_images(stack, to_build)
        except (ValueError, BuildError) as error:
            raise AnsibleActionFail(str(error)) from None
        host = task_vars.get("inventory_hostname", "")
        _display(f"{host}  would build and send {reference}" for reference in to_build)
        if not wanted:
            return {**result, "changed": bool(to_build), "sent": to_build}
        variables = module_call.prepare(self, task_vars)
        found = self._execute_module(module_name=_MODULE, module_args={"images": wanted}, task_vars=variables)
        if found.get("failed"):
            return {**result, **found}
        missing = found["missing"]
        if self._task.check_mode:
            _display(f"{host}  would send {reference}" for reference in missing)
        elif missing:
            loaded = self._send(host, {one: wanted[one] for one in missing}, found["layers"], variables)
            if loaded.get("failed"):
                return {**result, **loaded}
        return {**result, "changed": bool(missing or to_build), "sent": [*missing, *to_build]}

    def _send(
        self, host: str, images: dict[str, str], remote_layers: list[list[str]], variables: dict[str, Any]
    ) -> dict[str, Any]:
        """Upload *images* to the host and load them into its engine; return the result of the module."""
        with tempfile.TemporaryDirectory(prefix="slipway-send-") as folder:
            saved, packed = Path(folder, "saved.tar"), Path(folder, "images.tar.gz")
            try:
                buildx.save(images, str(saved))
            except BuildError as error:
                raise AnsibleActionFail(str(error)) from None
            written = archive.pack(saved, packed, remote_layers)
            saved.unlink()
            size = f"{written.size / 1024**2:.1f} MiB"
            _display(
                [f"{host}  sending {', '.join(images)}: {written.packed_layers} of {written.layers} layers, {size}"]
            )
            remote = self._connection._shell.join_path(self._make_tmp_path(), packed.name)
            self._transfer_file(str(packed), remote)
        try:
            wanted = {"images": images, "archive": remote}
            return dict(self._execute_module(module_name=_MODULE, module_args=wanted, task_vars=variables))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)


def _to_build(stack: Stack) -> list[str]:
    """Return the references of images without a registry that this machine has not built yet.

    :raises BuildError: if this machine has no engine.
    """
    built = [one.image for one in stack.services.values() if one.build and image_references.is_local_only(one.image)]
    return [reference for reference in dict.fromkeys(built) if buildx.inspect(reference) is None]


def _local_images(stack: Stack, optional: Collection[str]) -> dict[str, str]:
    """Return the identity of each image of a stack that is in no registry, by its reference.

    :param optional: references of images that may be missing.
    :raises ValueError: naming service and image, for an image that this machine does not have.
    :raises BuildError: if this machine has no engine.
    """
    found: dict[str, str] = {}
    for service in stack.services.values():
        if image_references.is_local_only(service.image) and service.image not in {*found, *optional}:
            record = buildx.inspect(service.image)
            if record is None:
                raise ValueError(
                    f"service {service.name!r}: key 'image': this machine has no {service.image} to send; "
                    "give the service a 'build', or build the image first"
                )
            found[service.image] = image_transfer.image_identity(record)
    return found


def _display(lines: Iterable[str]) -> None:
    text = "\n".join(lines)
    if text:
        terminal.show(text)
