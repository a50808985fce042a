"""A refresh or its revert as work of its own on this host: one at a time, in the journal, to its end.

Place in the pipeline: target, between the module and what does the work. It holds the lease of the stack.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, results
from ansible_collections.slipway.stack.plugins.module_utils.refresh import destination, refreshing, to_its_end
from ansible_collections.slipway.stack.plugins.module_utils.refresh.refreshing import UPLOADED, Jobs
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease

VERBS = ("load", "revert")
_WORD: Mapping[str, str] = {"load": "refresh", "revert": "revert of a refresh"}
#: What the results of work on data call a verb.
_RESULT: Mapping[str, str] = {"load": "refresh", "revert": "refresh_revert"}


@dataclass(frozen=True)
class Work:
    """What to do. ``snapshot``: its file on this host, which ``load`` reads."""

    verb: str
    owner: str
    snapshot: Path
    settings: Settings


def begin(home: Home, work: Work, jobs: Jobs) -> tuple[Lease, str, Callable[[], None]]:
    """Take the lease, and return it, the name of the work in the journal, and what does it.

    :param jobs: runs the release jobs of a manifest.
    :raises LeaseHeld: if a rollout, a backup, a restore or a refresh is under way.
    :raises RolloutFailed: if the stack was never deployed, or must not be refreshed.
    """
    destination.live(home)
    name = f"refresh-{work.verb}-{catalog.new_id([])}"
    lease = Lease(home.lease, work.owner, name, lambda: journal.open_for(home.backup_journal), work=_WORD[work.verb])
    return lease, name, lambda: _run(home, work, jobs, name)


def new_upload(home: Home) -> Path:
    """Make an empty file that a snapshot is uploaded to, and return it. Two runs at once upload two files."""
    folder = home.path / "snapshots"
    folder.mkdir(mode=0o700, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=UPLOADED, dir=folder)
    os.close(number)
    return Path(name)


def _run(home: Home, work: Work, jobs: Jobs, name: str) -> None:
    records = Journal(home.backup_journal, name, masking(home))
    started = time.monotonic()
    snapshot = ""

    def to_done() -> str:
        nonlocal snapshot
        snapshot = _do(home, work, jobs, records)
        return f"{_WORD[work.verb]} from snapshot {snapshot}"

    def record(reason: str) -> str:
        return results.write(home, _RESULT[work.verb], snapshot, work.owner, started, reason)

    to_its_end.run(records, to_done, "The stack has the data that it had before", record)


def _do(home: Home, work: Work, jobs: Jobs, records: Journal) -> str:
    if work.verb == "load":
        return refreshing.refresh(home, work.snapshot, work.settings, jobs, records)
    return refreshing.revert(home, records)
