"""The record of a drained host: ``state/drain.json``. The file exists exactly while the host is drained.

Place in the pipeline: target. A drained host takes no new work. Nothing is rolled out there, because that would start
what was stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading

#: The keys of the record, with their types.
FIELDS: Mapping[str, state_file.Types] = {"owner": str, "since": (int, float)}


@dataclass(frozen=True)
class Drain:
    """That a host is drained. ``owner``: who did it. ``since``: seconds of the epoch."""

    owner: str
    since: float = field(default_factory=time.time)

    @property
    def day(self) -> str:
        """Its time as text."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.since))


def read(home: Home) -> Reading[Drain]:
    """Return the record. Without a value and a problem the host is not drained."""
    remedy = "Run playbooks/drain.yml or playbooks/undrain.yml for this host, which writes or removes it"
    found = state_file.read(home.drain, FIELDS, remedy)
    if found.value is None:
        return Reading(problem=found.problem)
    return Reading(Drain(**{name: found.value[name] for name in FIELDS}))


def write(home: Home, drain: Drain | None) -> None:
    """Write the record, or remove it, completely or not at all."""
    if drain is None:
        home.drain.unlink(missing_ok=True)
    else:
        write_text(home.drain, json.dumps({"format": FORMAT, **asdict(drain)}) + "\n", 0o600)


def obstacle(home: Home) -> str:
    """Return why nothing may be rolled out on this host now; empty if it is not drained."""
    found = read(home)
    if found.value is None:
        return found.problem
    return (
        f"{found.value.owner} has drained this host at {found.value.day}; put it back first, with playbooks/undrain.yml"
    )
