"""The record of a stopped stack: ``state/stopped.json``. The file exists exactly while the stack is stopped.

Place in the pipeline: target. Nothing is rolled out on a stopped stack, because that would start a part of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading

_FIELDS: Mapping[str, state_file.Types] = {"owner": str, "since": (int, float), "data": bool, "closed": bool}


@dataclass(frozen=True)
class Stopped:
    """That a stack is stopped. ``owner``: who did it. ``data``: whether data services are stopped, too.

    ``closed``: whether the edge was closed for it, and is opened with the start. ``since``: seconds of the epoch.
    """

    owner: str
    data: bool
    closed: bool
    since: float = field(default_factory=time.time)


def read(home: Home) -> Reading[Stopped]:
    """Return the record. Without a value and a problem the stack is not stopped."""
    found = state_file.read(home.stopped, _FIELDS, "Run playbooks/stop.yml or playbooks/start.yml, which write it")
    if found.value is None:
        return Reading(problem=found.problem)
    return Reading(Stopped(**{name: found.value[name] for name in _FIELDS}))


def write(home: Home, stopped: Stopped | None) -> None:
    """Write the record, or remove it, completely or not at all."""
    if stopped is None:
        home.stopped.unlink(missing_ok=True)
    else:
        write_text(home.stopped, json.dumps({"format": FORMAT, **asdict(stopped)}) + "\n", 0o600)


def obstacle(home: Home) -> str:
    """Return why nothing may be rolled out on this host now; empty if the stack is not stopped."""
    found = read(home)
    if found.value is None:
        return found.problem
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found.value.since))
    return f"{found.value.owner} has stopped this stack at {at}; start it first, with playbooks/start.yml"
