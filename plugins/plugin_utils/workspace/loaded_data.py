"""A masked snapshot in the database of a developer's checkout.

Place in the pipeline: controller, after the files of the checkout are written. The loading is that of a refresh
(``module_utils/refresh/checkout.py``); here is what it needs of the description, and its steps are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.refresh import checkout
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack


class _Shown(Journal):
    """Shows each text, and writes nothing."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__(Path(), "workspace")
        self._show = show

    def write(
        self,
        step: str,
        state: str,
        text: str = "",
        service: str | None = None,
        detail: tuple[str, ...] = (),
        part: str | None = None,
        limit: float | None = None,
    ) -> None:
        """Show a text."""
        if text:
            self._show(f"  {text}")


def load(root: Path, snapshot: Path, service: str, stack: Stack, show: Callable[[str], None]) -> None:
    """Load a snapshot into the database of the checkout *root*.

    :param service: the Postgres of the stack. :param show: shows a line.
    :raises RolloutFailed: if it cannot be loaded. Then the database is as it was.
    :raises DockerError: if the service does not start.
    """
    methods = {name: one.backup["archives"].get("database") or {} for name, one in stack.services.items() if one.backup}
    loadable = [name for name, method in methods.items() if "swap" in method]
    if service not in loadable:
        raise RolloutFailed(
            f"service '{service}' has no database that a snapshot can be loaded into; valid values: "
            f"{', '.join(loadable) or '-'}"
        )
    checkout.load(root, snapshot, service, methods[service], _Shown(show))
