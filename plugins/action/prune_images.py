# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remove images that no release needs and show the space that this freed; documented in the module ``prune_images``."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall
from ansible_collections.slipway.stack.plugins.plugin_utils.description import units


class ActionModule(OneCall):
    """``slipway.stack.prune_images``."""

    MODULE = "slipway.stack.prune_images"

    def lines(self, host: str, result: dict[str, Any]) -> list[str]:
        """Return what was removed, and the space that this freed."""
        if not result.get("changed"):
            return []
        verbs = ("would remove", "would free at least") if self._task.check_mode else ("removed", "freed")
        removed = [f"{host}  {verbs[0]} {reference}" for reference in result["removed"]]
        return [*removed, f"{host}  {verbs[1]} {units.size_text(result['freed'])}"]
