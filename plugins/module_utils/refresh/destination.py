"""Whether a snapshot may be loaded here: never into production, never into the stack that it comes from.

Place in the pipeline: target, in the process that writes, before anything is written. It reads what is on this host,
and no argument of a playbook can change the answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import live_release
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_reader import Snapshot
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

PRODUCTION = "production"
#: Source: machine-id(5).
_MACHINE_ID = Path("/etc/machine-id")


def live(home: Home) -> dict[str, Any]:
    """Return the manifest of the live release, if this stack may be refreshed.

    Every release on this host counts: a stack that was production before is not refreshed, either.

    :raises RolloutFailed: if no release is live, or one is of the environment ``production`` or of an unknown one.
    """
    manifest = live_release.manifest(home)
    for release in home.release_ids():
        found = home.manifest(release)
        environment = str((found or {}).get("environment") or "")
        if release == manifest["release"] and not environment:
            raise RolloutFailed("the live release does not say of which environment it is; deploy again, then refresh")
        if is_production(environment):
            raise RolloutFailed(
                f"this stack is never refreshed: release {release} on this host is of the environment {environment}; "
                "refresh another stack"
            )
    return manifest


def check_source(home: Home, manifest: Mapping[str, Any], snapshot: Snapshot, machine: str) -> None:
    """Check that the snapshot comes from another stack.

    :param machine: the id of this machine, see :func:`machine_id`.
    :raises RolloutFailed: if it was made of this stack, on this machine and in this directory.
    """
    source = snapshot.source
    root = os.path.realpath(source.get("root") or "/nonexistent")
    here = os.path.realpath(home.path)
    # The root of a source is that of its stacks, or the directory of the stack itself.
    same_directory = here in (root, os.path.join(root, source.get("stack", "")))
    if machine and source.get("machine") == machine and same_directory:
        raise RolloutFailed(
            f"snapshot {snapshot.id} was made of this stack '{manifest['stack']}' on this host; a stack is not "
            "refreshed from itself"
        )


def is_production(environment: str) -> bool:
    """Return whether the name of an environment stands for production, in any case and with spaces around."""
    return environment.strip().casefold() == PRODUCTION


def machine_id() -> str:
    """Return the id of this machine; empty if it has none."""
    try:
        return foreign_file.read_text(_MACHINE_ID.parent, _MACHINE_ID.name, 4096).strip()
    except ForeignFileError:
        return ""
