"""The record of other hosts that are drained: ``state/away.json``. The edge of this host sends them nothing.

Place in the pipeline: target. The file exists exactly while there are some.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.drain import FIELDS, Drain
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading


def read(home: Home) -> Reading[dict[str, Drain]]:
    """Return the record by host. Without a value and a problem there is none."""
    remedy = "Remove it, and run playbooks/drain.yml for each host that is drained"
    found = state_file.read(home.away, {"hosts": dict}, remedy)
    if found.value is None:
        return Reading(problem=found.problem)
    result = {}
    for host, entry in found.value["hosts"].items():
        wrong = state_file.wrong_field(entry, FIELDS)
        if wrong:
            return Reading(problem=f"{home.away}: host {host!r}: {wrong}. {remedy}")
        result[host] = Drain(entry["owner"], entry["since"])
    return Reading(result)


def write(home: Home, hosts: Mapping[str, Drain]) -> None:
    """Write the record, or remove it if there are no such hosts, completely or not at all."""
    if not hosts:
        home.away.unlink(missing_ok=True)
        return
    entries = {host: {"owner": one.owner, "since": one.since} for host, one in hosts.items()}
    write_text(home.away, json.dumps({"format": FORMAT, "hosts": entries}) + "\n", 0o600)


def sentences(home: Home) -> list[str]:
    """Return a sentence for each such host; none for a damaged record, which ``damage`` names."""
    found = read(home).value or {}
    return [f"no requests go to {host}: {one.owner} has drained it at {one.day}" for host, one in found.items()]
