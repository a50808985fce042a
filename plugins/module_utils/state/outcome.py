"""The outcome of a release on this host, in its own directory: ``releases/ID/outcome.json``.

Place in the pipeline: target, at the end of a rollout. A release that was live once stays proven, also if a later
rollout of it fails. The audit log is for people, who may rotate or empty it; nothing is decided by it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading

NAME = "outcome.json"
_LIVE, _FAILED = "live", "failed"


@dataclass(frozen=True)
class Outcome:
    """``live``: whether the release was live once. ``before``: the releases that were live before it, newest first."""

    live: bool
    before: tuple[str, ...] = ()


def read(home: Home, release_id: str) -> Reading[Outcome]:
    """Return the outcome of a release. Without a value and a problem, no rollout of it has ended yet.

    Older versions of the collection wrote no outcome.
    """
    path = _path(home, release_id)
    remedy = f"Remove {path}; until then the release is kept"
    found = state_file.read(path, {"outcome": str, "before": list}, remedy)
    if found.value is None:
        return Reading(problem=found.problem)
    before = found.value["before"]
    if found.value["outcome"] not in (_LIVE, _FAILED) or not all(isinstance(one, str) for one in before):
        return Reading(problem=f"{path}: key 'outcome' or 'before' has an unknown value. {remedy}")
    return Reading(Outcome(found.value["outcome"] == _LIVE, tuple(before)))


def mark_live(home: Home, release_id: str, before: Sequence[str]) -> None:
    """Record that a release is live, and which ones were live before it."""
    _write(home, release_id, _LIVE, before)


def mark_failed(home: Home, release_id: str) -> None:
    """Record that the rollout of a release failed, unless it was live once, or is live and was repaired."""
    known = read(home, release_id)
    if release_id == home.current_id():
        return
    if not known.problem and not (known.value and known.value.live) and home.release(release_id).is_dir():
        _write(home, release_id, _FAILED, ())


def _write(home: Home, release_id: str, outcome: str, before: Sequence[str]) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    value = {"format": FORMAT, "outcome": outcome, "at": at, "before": list(before)}
    write_text(_path(home, release_id), json.dumps(value, indent=1) + "\n")


def _path(home: Home, release_id: str) -> Path:
    return home.release(release_id) / NAME
