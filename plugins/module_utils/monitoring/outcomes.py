"""How the last message to each receiver ended: ``state/told.json``, for the status.

Place in the pipeline: target, written after each message.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.monitoring import settings
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

_FIELDS: Mapping[str, state_file.Types] = {"at": (int, float), "event": str, "reason": str}


def write(home: Home, label: str, event: str, reason: str) -> None:
    """Record how a message ended. :param reason: why it did not arrive, empty if it did.

    :raises OSError: if the record cannot be written.
    """
    last = {**_read(home), label: {"at": round(time.time()), "event": event, "reason": reason}}
    labels = {one.label for one in settings.receivers(home)}
    kept = {name: value for name, value in last.items() if name in labels}
    write_text(home.told, json.dumps({"format": state_file.FORMAT, "receivers": kept}, indent=1) + "\n", 0o600)


def standing(home: Home) -> list[dict[str, Any]]:
    """Return each receiver with its last message: ``receiver``, ``at``, ``event`` and ``reason``, all for people.

    ``at`` is 0 for a receiver that was told nothing yet. ``reason`` is empty if the message arrived.
    """
    last = _read(home)
    nothing = {"at": 0, "event": "", "reason": ""}
    return [{"receiver": one.label, **last.get(one.label, nothing)} for one in settings.receivers(home)]


def _read(home: Home) -> dict[str, dict[str, Any]]:
    found = state_file.read(home.told, {"receivers": dict}, "").value
    lines = found["receivers"] if found else {}
    fitting = {name: one for name, one in lines.items() if isinstance(one, dict)}
    fitting = {name: one for name, one in fitting.items() if not state_file.wrong_field(one, _FIELDS)}
    return {name: {field: one[field] for field in _FIELDS} for name, one in fitting.items()}
