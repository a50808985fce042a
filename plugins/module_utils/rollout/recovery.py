"""What a rollout that was killed has left, settled before the next one.

Place in the pipeline: target, first of all.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import RolloutFailed, Running
from ansible_collections.slipway.stack.plugins.module_utils.rollout.cleanup import retire
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import take_back
from ansible_collections.slipway.stack.plugins.module_utils.state import transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def settle(home: Home, running: Running, journal: Journal) -> None:
    """End or undo a rollout that was killed, by how far it had come; where that fails, the next one goes forward."""
    left = transaction.load(home.transaction)
    if left is None:
        return
    whose = f"the rollout of {left.release} by {left.owner}, which broke off"
    if left.phase != "switched":
        journal.write("recover", "started", f"undoing {whose}")
        outcome = take_back(home, left, running, journal)
        journal.write("recover", "failed" if home.transaction.exists() else "done", outcome)
        return
    journal.write("recover", "started", f"ending {whose}")
    try:
        retire(home, left, running, journal)
    except RolloutFailed as error:
        journal.write("recover", "failed", str(error))
