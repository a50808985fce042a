"""The audit log: one line for each rollout in ``state/audit.jsonl``.

A line has the release, who deployed it, its commit, how long the rollout took and how it ended.
Place in the pipeline: target, at the end of a rollout.
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
    """Append the line of one rollout.

    :param seconds: how long the rollout took.
    :param outcome: ``ok`` or ``failed``.
    :param reason: why it failed, in one sentence.
    """
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
        # A full disk or a power cut can leave an incomplete last line. The new line must not be appended to it.
        separator = b"" if stream.read(1) in (b"", b"\n") else b"\n"
        stream.write(separator + json.dumps(line).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def read(home: Home, limit: int = 0) -> list[dict[str, Any]]:
    """Return the complete lines, oldest first.

    :param limit: return only this many of the newest lines; 0 returns all.
    """
    try:
        text = home.audit.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    parsed = (_parse(line) for line in text.split("\n"))
    return [line for line in parsed if line is not None][-limit:]


def _parse(line: str) -> dict[str, Any] | None:
    """Return a line as a mapping, or ``None`` if it is incomplete."""
    try:
        parsed = json.loads(line)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None
