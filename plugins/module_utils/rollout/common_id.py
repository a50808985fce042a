"""The id that a new release has on all hosts of a play: this host may have given it another one.

Place in the pipeline: target, before *begin*, with the lease. An id is the name of a directory, and nothing else in a
release has it. So a release that was never rolled out can get another id.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.state import transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, is_release_id


def choose(home: Home, release: str, wanted: str) -> str:
    """Return *wanted* if *release* can get this id on this host, else *release*.

    A release keeps its id if it is live, if an interrupted rollout of it must be reverted, or if the other id is not
    later than those of all other releases here.
    """
    unfinished = transaction.read(home.transaction).value
    others = [one for one in home.release_ids() if one != release]
    if not is_release_id(wanted) or wanted <= max(others, default=""):
        return release
    if release == home.current_id() or (unfinished and unfinished.release == release):
        return release
    return wanted


def rename(home: Home, release: str, chosen: str) -> None:
    """Give *release* the id *chosen*. :raises RolloutFailed: if that fails."""
    if chosen != release:
        try:
            home.release(release).rename(home.release(chosen))
        except OSError as error:
            raise RolloutFailed(f"release {release} cannot become {chosen} as on the other hosts: {error}") from None
