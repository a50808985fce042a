"""The permission of the controller: up to which barrier the rollout of a release may go, in ``state/barrier.json``.

Place in the pipeline: target, between the verbs of a rollout over several hosts. ``rollout/barrier`` waits for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading

_REMEDY = "Remove it and run the playbook again"


@dataclass(frozen=True)
class Permission:
    """The rollout of ``release`` may go up to ``barrier``; ``abort`` makes it revert."""

    release: str
    barrier: str


def read(path: Path) -> Reading[Permission]:
    """Return the last permission. Without a value and a problem there is none."""
    found = state_file.read(path, {"release": str, "barrier": str}, _REMEDY)
    if found.value is None:
        return Reading(problem=found.problem)
    return Reading(Permission(found.value["release"], found.value["barrier"]))


def write(path: Path, permission: Permission) -> None:
    """Replace the last permission, also a damaged one.

    :raises OSError: if it cannot be replaced.
    """
    value = {"format": FORMAT, "release": permission.release, "barrier": permission.barrier}
    write_text(path, json.dumps(value) + "\n")
