"""The rollouts of a rotation, as parts of it in the journal.

Place in the pipeline: target, under ``rotating``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions

#: Releases are removed at the end of the rotation only.
_ALL = 10**6


class _Part(Journal):
    """The journal of a rollout whose end is not the end of the work. ``failure``: why it failed, empty if it did not.

    Whoever follows the journal stops at the record ``end``.
    """

    def __init__(self, path: Path, name: str, mask: Callable[[str], str]) -> None:
        super().__init__(path, name, mask)
        self.failure = ""

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
        """Append one record; see :meth:`Journal.write`."""
        if step == "rollout" and state == "failed":
            self.failure = text
            state = "done"
        if step == "end":
            step, state = "rollout", "done"
        super().write(step, state, text, service, detail, part, limit)


def roll_out(home: Home, release: str, owner: str, changed_in_data: tuple[str, ...], records: Journal) -> None:
    """Roll out a release that is on this host, or complete its rollout, and revert it if that fails.

    :param changed_in_data: services whose password the rotation changes in the data, too.
    :raises RolloutFailed: if the release is not the live one then.
    """
    if home.current_id() == release and not home.transaction.exists():
        return
    options = RolloutOptions(release=release, keep=_ALL, owner=owner, changed_in_data=changed_in_data)
    part = _Part(home.journal, records.name, records.mask)
    Rollout(home, options, part).run()
    if part.failure or home.current_id() != release:
        raise RolloutFailed(part.failure or f"release {release} did not become the live one")
