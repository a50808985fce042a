"""Who rolled out what, from which commit, how long it took and how it ended: a line each in ``state/audit.jsonl``.

Place in the pipeline: target, record.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


def write(
    home: Home, manifest: Mapping[str, Any], tx: Transaction, outcome: str, seconds: float, reason: str = ""
) -> None:
    """Append a line for one rollout; *outcome* is ``ok`` or ``failed``, *reason* the sentence of a failure."""
    line = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "release": tx.release,
        "previous": tx.previous,
        "owner": tx.owner,
        "version": manifest["version"],
        "commit": manifest["commit"],
        "images": sorted({spec["pinned"] for spec in manifest["services"].values()}),
        "seconds": round(seconds, 1),
        "outcome": outcome,
        "reason": reason,
    }
    with open(home.audit, "a+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - 1, 0))
        # What a full disk or a power cut has torn stays a line of its own.
        begins = b"" if stream.read(1) in (b"", b"\n") else b"\n"
        stream.write(begins + json.dumps(line).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def read(home: Home, last: int = 0) -> list[dict[str, Any]]:
    """Return the *last* lines that are whole, oldest first; all where it is 0."""
    try:
        text = home.audit.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    found = (_parsed(line) for line in text.split("\n"))
    return [line for line in found if line is not None][-last:]


def _parsed(line: str) -> dict[str, Any] | None:
    """Return a line, ``None`` for what is left of a torn one."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
