"""What the role ``monitoring`` has set on this host: ``state/monitoring.json``, which only root reads.

Place in the pipeline: target, read by the program of the timers; :mod:`units` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ansible_collections.slipway.stack.plugins.module_utils.monitoring import receivers as all_receivers
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.receivers import Receiver
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import Reading

_FIELDS: Mapping[str, state_file.Types] = {"metrics_directory": str, "metrics_every": int, "receivers": list}


@dataclass(frozen=True)
class Settings:
    """``metrics_directory``: of node_exporter's textfile collector, empty for no metrics.

    ``metrics_every``: seconds between two times that they are written. ``receivers``: who is told about events.
    """

    metrics_directory: str = ""
    metrics_every: int = 60
    receivers: tuple[Receiver, ...] = ()

    def text(self) -> str:
        """Return the content of the file."""
        return json.dumps({"format": state_file.FORMAT, **asdict(self)}, indent=1) + "\n"


def read(home: Home) -> Reading[Settings]:
    """Return the settings. Without a value and a problem, the role never ran here."""
    found = state_file.read(home.monitoring, _FIELDS, "Run playbooks/monitoring.yml again")
    if found.value is None:
        return Reading(problem=found.problem)
    told = tuple(all_receivers.read(found.value["receivers"]))
    return Reading(Settings(found.value["metrics_directory"], found.value["metrics_every"], told))


def receivers(home: Home) -> tuple[Receiver, ...]:
    """Return who is told about events, without an exception: nobody, if the settings are damaged."""
    found = read(home).value
    return found.receivers if found else ()
