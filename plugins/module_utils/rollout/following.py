"""Following a rollout of this host in its journal, from another process.

Place in the pipeline: target, between the controller and a rollout that is under way.
"""

from __future__ import annotations

import time
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import holder

#: Seconds that one call waits for a record with a text.
_POLL_SECONDS = 5.0
#: Seconds that one call waits for more records after the first: this saves round trips.
_COALESCE_SECONDS = 0.2


def follow(
    home: Home, release: str, offset: int, records_in: Path | None = None, lease: Path | None = None
) -> tuple[list[dict[str, object]], int]:
    """Return the journal's records of *release* after *offset*, and the offset after them.

    The function waits up to five seconds for a record with a text.

    :param records_in: the journal of the work, by default that of rollouts.
    :param lease: the lease of the work, by default that of rollouts.
    :raises RolloutFailed: if the process has died without writing its last record.
    """
    path = records_in or home.journal
    deadline = time.monotonic() + _POLL_SECONDS
    while True:
        alive = holder(lease or home.lease) is not None
        records, end = _records(path, release, offset)
        has_text = any(record["text"] for record in records)
        if has_text and records[-1]["step"] != "end":
            time.sleep(_COALESCE_SECONDS)
            records, end = _records(path, release, offset)
        if not records and not alive:
            raise RolloutFailed(
                f"the process on the host died; look into {home.log} for the cause and run the playbook again"
            )
        if has_text or not alive or time.monotonic() > deadline:
            return records, end
        time.sleep(0.1)


def _records(path: Path, release: str, offset: int) -> tuple[list[dict[str, object]], int]:
    records, end = journal.read(path, offset)
    return [record for record in records if record["release"] == release], end
