"""What earlier rollouts have left, settled before the next one: one that was killed, and networks.

Place in the pipeline: target, first of all.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils import transaction
from ansible_collections.slipway.stack.plugins.module_utils.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.retirement import retire
from ansible_collections.slipway.stack.plugins.module_utils.running import RolloutFailed, Running
from ansible_collections.slipway.stack.plugins.module_utils.takeback import take_back


def settle(home: Home, running: Running, journal: Journal) -> None:
    """End or undo a rollout that was killed; then remove the networks that no container is in."""
    left = transaction.load(home.transaction)
    if left is not None:
        _end(home, left, running, journal)
    running.remove_unused_networks()


def _end(home: Home, left: transaction.Transaction, running: Running, journal: Journal) -> None:
    """End or undo a rollout, by how far it had come; where that fails, the next one goes forward."""
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
