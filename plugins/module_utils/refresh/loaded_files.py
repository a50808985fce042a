"""The files of a snapshot: unpacked next to the live volume of the same service, to be swapped with the database.

Place in the pipeline: target, beside :mod:`loading`. The new volume has the files of the snapshot only. What was there
is set aside as a whole, and comes back with a revert.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams, swapping
from ansible_collections.slipway.stack.plugins.module_utils.backup.loading import UNPACK
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.backup.restore_record import Swap
from ansible_collections.slipway.stack.plugins.module_utils.refresh.loading import STEP
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_reader import Member, Snapshot
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed


def planned(manifest: Mapping[str, Any], snapshot: Snapshot, prefix: str) -> dict[Swap, Member]:
    """Return the swaps of volumes, and the member that each is loaded from.

    :param prefix: of the names that data has which is not live.
    :raises RolloutFailed: if the stack does not have a volume.
    """
    found = {}
    for number, member in enumerate(member for member in snapshot.members if member.sort == "files"):
        method = (manifest["services"].get(member.service) or {}).get("backup") or {}
        target = ((method.get("volumes") or {}).get(member.volume) or {}).get("target")
        if not target:
            raise RolloutFailed(
                f"snapshot {snapshot.id} has files of volume '{member.volume}' of service '{member.service}', and the "
                "live release does not save such a volume; name it in the backup of that service, or remove it from "
                "uploads in the rules"
            )
        swap = swapping.of_directory(manifest, member.service, member.volume, target, f"{prefix}_{number}")
        found[swap] = member
    return found


def load(snapshot: Snapshot, swap: Swap, member: Member, timeout: float, journal: Journal) -> None:
    """Unpack the files of a volume next to the live one. :raises RolloutFailed: if they are damaged."""
    text = f"loading {member.rows} files of volume {member.volume}"
    with journal.part(STEP, "load", member.service, start_text=text):
        # The archive sets the mode and the owner of the directory itself.
        Path(swap.new).mkdir(mode=0o700)
        command = [*UNPACK, f"--directory={swap.new}"]
        try:
            streams.restore(snapshot.path, command, member.sha256, timeout, member.offset, member.size)
        except (StreamError, OSError) as error:
            where = f"service '{member.service}': volume {member.volume}"
            raise RolloutFailed(f"snapshot {snapshot.id}: {where}: {error}") from None
