"""The live release of a stack, whose manifest says how the data is saved.

Place in the pipeline: target, first in all work on backups.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def manifest(home: Home) -> dict[str, Any]:
    """Return the manifest of the live release. :raises RolloutFailed: if none is live, or its record is damaged."""
    found = home.manifest(home.current_id())
    if found is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host; run playbooks/deploy.yml")
    return found
