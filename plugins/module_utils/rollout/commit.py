"""The commit of a rollout: the verified release becomes the live one, and everything for it is on the disk beforehand.

Place in the pipeline: target. *begin* secures what a revert and the commit change on the disk, before anything is
changed. Later a full disk prevents neither of them.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.release.history import record_live
from ansible_collections.slipway.stack.plugins.module_utils.state import reserve
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, stage_link
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import SWITCHED, Transaction


def secure(home: Home, tx: Transaction) -> None:
    """Take from the disk what a revert and the commit need: the links, and space for their records.

    :raises OSError: if the disk does not have it.
    """
    reserve.hold(home.reserve)
    for release in filter(None, (tx.release, tx.previous)):
        stage_link(home.current, f"releases/{release}")
    if tx.edge_before:
        configuration.stage(home, tx.edge_before)


def commit(home: Home, tx: Transaction) -> None:
    """Make the verified release of *tx* the live one. Until its phase is on the disk, everything can be reverted.

    :raises OSError: if that cannot be written.
    """
    reserve.release(home.reserve)
    link(home.current, f"releases/{tx.release}")
    record_live(home, tx.release, tx.previous)
    enter_phase(home, tx, SWITCHED)


def enter_phase(home: Home, tx: Transaction, phase: str) -> None:
    """Save the new phase, and then enter it: a phase that is not on the disk must not decide about a revert.

    :raises OSError: if it cannot be saved.
    """
    replace(tx, phase=phase).save(home.transaction)
    tx.phase, tx.saved = phase, True
