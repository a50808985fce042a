"""Who rolled out what, from which commit, how long it took and how it ended: a line each in ``state/audit.jsonl``.

Place in the pipeline: target, record.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.transaction import Transaction


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
        "images": sorted({facts["pinned"] for facts in manifest["services"].values()}),
        "seconds": round(seconds, 1),
        "outcome": outcome,
        "reason": reason,
    }
    with open(home.audit, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")


def read(home: Home, last: int = 0) -> list[dict[str, Any]]:
    """Return the *last* lines, oldest first; all where it is 0."""
    try:
        text = home.audit.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines()[-last:]]
