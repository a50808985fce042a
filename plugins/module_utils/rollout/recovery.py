"""What a rollout that was killed has left, settled before the next one.

Place in the pipeline: target, first of all.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout.cleanup import remove_replaced
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.state import transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def recover(home: Home, containers: ProjectContainers, journal: Journal) -> None:
    """End or undo a rollout that was killed, by how far it had come; where that fails, the next one goes forward."""
    left = transaction.load(home.transaction)
    if left is None:
        return
    whose = f"the rollout of {left.release} by {left.owner}, which broke off"
    if left.phase != "switched":
        journal.write("recover", "started", f"undoing {whose}")
        outcome = revert(home, left, containers, journal)
        journal.write("recover", "failed" if home.transaction.exists() else "done", outcome)
        return
    journal.write("recover", "started", f"ending {whose}")
    try:
        remove_replaced(home, left, containers, journal)
    except RolloutFailed as error:
        journal.write("recover", "failed", str(error))
