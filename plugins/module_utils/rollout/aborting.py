"""Telling a rollout of this host to revert, from another process.

Place in the pipeline: target, next to a rollout that is under way. The rollout itself reverts (``state/abort``).
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.module_utils.state import abort, journal, transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import holder
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


@dataclass(frozen=True)
class UnderWay:
    """The rollout that is told to revert: its release, who started it, and the end of its journal in bytes."""

    release: str
    owner: str
    offset: int


def begin(home: Home, owner: str, dry_run: bool) -> UnderWay | None:
    """Tell the rollout that is under way to revert, and return it; ``None`` if there is none.

    :param owner: who wants it.
    :param dry_run: tell it nothing.
    :raises RolloutFailed: if it has died, or its release is verified already; with what to do instead.
    """
    current = holder(home.lease)
    unfinished = transaction.read(home.transaction).value
    if current is None:
        if unfinished is None:
            return None
        raise RolloutFailed(_died(unfinished))
    release = str(current["release"])
    if unfinished and unfinished.release == release and unfinished.phase == "switched":
        raise RolloutFailed(too_late(release))
    # First the offset: the records after it are the answer to the request.
    under_way = UnderWay(release, str(current["owner"]), journal.size(home.journal))
    if not dry_run:
        abort.request(home.abort, release, owner)
    return under_way


def outcome(home: Home, under_way_release: str, end: str, state: str) -> str:
    """Return what became of an aborted rollout, as a sentence.

    :param end: the text of the last record in its journal; *state* is its state.
    :raises RolloutFailed: if its release is live, or its revert failed.
    """
    if state == "done":
        raise RolloutFailed(too_late(under_way_release))
    if home.transaction.exists():
        raise RolloutFailed(f"{end}. Correct the cause; the next deploy tries the revert again")
    return end


def too_late(release: str) -> str:
    """Return why a rollout cannot be aborted any more, and what to do instead."""
    return (
        f"release {release} is verified already, so its rollout cannot be aborted; when it has ended, go back with "
        "playbooks/rollback.yml"
    )


def _died(unfinished: Transaction) -> str:
    action = "completes" if unfinished.phase == "switched" else "reverts"
    return (
        f"the rollout of {unfinished.release} by {unfinished.owner} was interrupted, and no process is left to abort; "
        f"the next deploy {action} it first, so run playbooks/deploy.yml with the version that you want"
    )
