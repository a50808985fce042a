"""Clear what earlier rollouts have left, before the next one starts: an interrupted rollout, and unused networks.

Place in the pipeline: target, before *begin*.
"""

from __future__ import annotations

import contextlib

from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout import interrupted_jobs
from ansible_collections.slipway.stack.plugins.module_utils.rollout.cleanup import remove_replaced
from ansible_collections.slipway.stack.plugins.module_utils.rollout.revert import revert
from ansible_collections.slipway.stack.plugins.module_utils.state import outcome, transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


def recover(home: Home, containers: ProjectContainers, journal: Journal) -> None:
    """Complete or revert an interrupted rollout, then remove the networks that no container is in.

    If that fails, the next rollout starts from the state that is left.
    """
    interrupted = transaction.read(home.transaction).value
    if interrupted is not None:
        _end(home, interrupted, containers, journal)
    containers.remove_unused_networks()


def _end(home: Home, interrupted: Transaction, containers: ProjectContainers, journal: Journal) -> None:
    """Complete an interrupted rollout if its release was verified, or else revert it."""
    description = f"the interrupted rollout of {interrupted.release} by {interrupted.owner}"
    if interrupted.phase != "switched":
        interrupted_jobs.wait(home, interrupted, containers, journal)
        journal.write("recover", "started", f"reverting {description}")
        text = revert(home, interrupted, containers, journal)
        with contextlib.suppress(OSError):
            outcome.mark_failed(home, interrupted.release)
        journal.write("recover", "failed" if home.transaction.exists() else "done", text)
        return
    journal.write("recover", "started", f"completing {description}")
    try:
        remove_replaced(home, interrupted, containers, journal)
    except RolloutFailed as error:
        journal.write("recover", "failed", str(error))
