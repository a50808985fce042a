"""How backups, drills, restores and refreshes ended: a line for each in ``state/backups.jsonl``.

Place in the pipeline: target, at the end of the work, and for the status.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, append_line

#: Bytes of the newest lines that are read. This is some thousand results.
_MAX_SIZE = 1024**2
_FIELDS: Mapping[str, state_file.Types] = {
    "at": (int, float),
    "verb": str,
    "backup": str,
    "owner": str,
    "outcome": str,
    "seconds": (int, float),
    "reason": str,
}


def write(home: Home, verb: str, backup: str, owner: str, started: float, reason: str) -> str:
    """Add a line.

    :param started: when the work was begun, as ``time.monotonic`` says. :param reason: why it failed, empty otherwise.
    :return: a sentence if it cannot be written.
    """
    line = {
        "at": round(time.time()),
        "verb": verb,
        "backup": backup,
        "owner": owner,
        "outcome": "failed" if reason else "ok",
        "seconds": round(time.monotonic() - started, 1),
        "reason": reason,
    }
    try:
        append_line(home.backup_results, json.dumps(line))
    except OSError as error:
        return f"{home.backup_results} cannot be written: {error.strerror}"
    return ""


def read(home: Home) -> list[dict[str, Any]]:
    """Return the lines, oldest first. Damaged ones are left out."""
    return state_file.read_lines(home.backup_results, _FIELDS, _MAX_SIZE)
