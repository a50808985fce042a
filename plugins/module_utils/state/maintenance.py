"""The maintenance of a stack, on disk: ``state/maintenance.json``. The file exists exactly during maintenance.

Place in the pipeline: target. Everything that writes the configuration of the edge reads it, so a deploy, a rollback
and a new certificate leave a closed edge closed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading

_FIELDS: Mapping[str, state_file.Types] = {
    "owner": str,
    "allow": list,
    "retry_after": int,
    "since": (int, float),
}


@dataclass(frozen=True)
class Maintenance:
    """A maintenance. ``owner``: who began it. ``allow``: networks whose clients get through, such as ``192.0.2.0/24``.

    ``retry_after``: seconds after which clients are told to try again. ``since``: seconds of the epoch.
    """

    owner: str
    allow: tuple[str, ...]
    retry_after: int
    since: float = field(default_factory=time.time)


def read(home: Home) -> Reading[Maintenance]:
    """Return the maintenance. Without a value and a problem there is none."""
    remedy = "Run playbooks/maintenance.yml with -e maintenance=on or off, which writes or removes it"
    found = state_file.read(home.maintenance, _FIELDS, remedy)
    if found.value is None:
        return Reading(problem=found.problem)
    values = {name: found.value[name] for name in _FIELDS}
    return Reading(Maintenance(**{**values, "allow": tuple(map(str, values["allow"]))}))


def write(home: Home, maintenance: Maintenance | None) -> None:
    """Begin it, change it, or end it, completely or not at all."""
    if maintenance is None:
        home.maintenance.unlink(missing_ok=True)
    else:
        write_text(home.maintenance, json.dumps({"format": FORMAT, **asdict(maintenance)}) + "\n", 0o600)
