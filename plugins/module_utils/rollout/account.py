"""What is left of a rollout for people: its line in the audit, and events for those who want to be told.

Place in the pipeline: target, at the beginning and at the end of a rollout. Nothing depends on it, so a rollout does
not fail because of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import audit, events
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


class Account:
    """The account of one rollout. ``tells``: of several hosts, one tells for all of them."""

    def __init__(
        self, home: Home, manifest: Mapping[str, Any], tx: Transaction, tells: bool, mask: Callable[[str], str]
    ) -> None:
        self._home, self._manifest, self._tx = home, manifest, tx
        self._tells, self._mask = tells, mask
        self._started = time.monotonic()

    def begin(self) -> None:
        """Tell that the rollout has started."""
        self._tell("rollout_started", 0.0, "")

    def live(self) -> None:
        """Tell that the new release serves everyone and is proven. What it has replaced may take long to stop."""
        self._tell("rollout_succeeded", time.monotonic() - self._started, "")

    def end(self, journal: Journal, reason: str = "", outcome: str = "") -> None:
        """Write the line of the audit, and tell that the rollout has failed, if it has.

        :param reason: why it failed, empty if it did not. :param outcome: what holds after the failure.
        """
        seconds, masked = time.monotonic() - self._started, self._mask(reason)
        problem = audit.attempt(self._home, self._manifest, self._tx, "failed" if reason else "ok", seconds, masked)
        if problem:
            journal.write("finalize", "done", problem)
        if not reason:
            return
        # A revert that was complete leaves no transaction.
        is_reverted = self._tx.saved and not self._home.transaction.exists()
        text = ". ".join(filter(None, (masked.rstrip("."), self._mask(outcome))))
        self._tell("rollout_reverted" if is_reverted else "rollout_failed", seconds, text)

    def break_off(self, reason: str) -> None:
        """Tell that the rollout was neither completed nor reverted."""
        self._tell("rollout_failed", time.monotonic() - self._started, self._mask(reason))

    def _tell(self, name: str, seconds: float, reason: str) -> None:
        if not self._tells:
            return
        tx, manifest = self._tx, self._manifest
        version, commit = str(manifest.get("version") or ""), str(manifest.get("commit") or "")
        event = Event(name, tx.release, tx.previous or "", version, commit, tx.owner, round(seconds, 1), reason)
        events.tell(self._home, event)
