"""The audit log: one line for each rollout in ``state/audit.jsonl``.

A line has the release, who deployed it, its commit, how long the rollout took and how it ended.
Place in the pipeline: target, at the end of a rollout.
"""

from __future__ import annotations

import calendar
import json
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, append_line
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

#: Size in bytes of the newest lines that are read. This is some ten thousand rollouts.
_MAX_SIZE = 16 * 1024**2
#: How lines write a time, in UTC.
TIME = "%Y-%m-%dT%H:%M:%SZ"
_FIELDS: Mapping[str, state_file.Types] = {
    "at": str,
    "release": str,
    "owner": str,
    "version": str,
    "seconds": (int, float),
    "outcome": str,
    "reason": str,
}


def write(
    home: Home, manifest: Mapping[str, Any], tx: Transaction, outcome: str, seconds: float, reason: str = ""
) -> None:
    """Append the line of one rollout.

    :param seconds: how long the rollout took.
    :param outcome: ``ok`` or ``failed``.
    :param reason: why it failed, in one sentence.
    """
    line = {
        "at": time.strftime(TIME, time.gmtime()),
        "release": tx.release,
        "previous": tx.previous,
        "for": f"restart of {', '.join(tx.restart)}" if tx.restart else "",
        "owner": tx.owner,
        "version": manifest["version"],
        "commit": manifest["commit"],
        "images": sorted({spec["pinned"] for spec in manifest["services"].values()}),
        "seconds": round(seconds, 1),
        "outcome": outcome,
        "reason": reason,
    }
    append_line(home.audit, json.dumps(line))


def attempt(
    home: Home, manifest: Mapping[str, Any], tx: Transaction, outcome: str, seconds_taken: float, reason: str
) -> str:
    """Append the line of one rollout, see :func:`write`. :return: a sentence if that fails."""
    try:
        write(home, manifest, tx, outcome, seconds_taken, reason)
    except OSError as error:
        return f"{home.audit} cannot be written: {error.strerror or error}"
    return ""


def seconds(at: str) -> float:
    """Return the time of a line, in seconds of the epoch. :raises ValueError: if a person has made it another text."""
    return float(calendar.timegm(time.strptime(at, TIME)))


def read(home: Home, limit: int = 0) -> list[dict[str, Any]]:
    """Return the complete lines of rollouts, oldest first. Other lines are ignored: people may edit the file.

    :param limit: return only this many of the newest lines; 0 returns all.
    """
    return state_file.read_lines(home.audit, _FIELDS, _MAX_SIZE)[-limit:]
