"""The request to abort a rollout: the file ``state/abort.json``, and where a rollout notices it.

Place in the pipeline: target. The playbook ``abort`` writes the request. The rollout looks for it between its steps and
whenever it waits: for a command, for containers, for a download, for open connections. Then it fails, and reverts as
after any other failure. A revert does not look for it, and neither does a rollout whose release is verified.
"""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text


def request(path: Path, release: str, owner: str) -> None:
    """Tell the rollout of *release* to revert. *owner* says who wants it."""
    write_text(path, json.dumps({"release": release, "owner": owner}) + "\n")


class Watch:
    """Looks for the request to abort one rollout, from :meth:`open` to :meth:`close`."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._release = ""

    def open(self, path: Path, release: str) -> None:
        """From now on :meth:`check` looks at *path* for a request for *release*."""
        self._path, self._release = path, release

    def close(self) -> None:
        """From now on :meth:`check` finds nothing: the rollout reverts, or its release is verified."""
        self._path = None

    def check(self) -> None:
        """Do nothing unless somebody has asked to abort the rollout.

        :raises RolloutFailed: saying who has asked. It is raised once.
        """
        owner = _requested_by(self._path, self._release) if self._path else None
        if owner is not None:
            self.close()
            raise RolloutFailed(f"{owner} aborted the rollout")


def _requested_by(path: Path, release: str) -> str | None:
    """Return who wants to abort the rollout of *release*, ``None`` if nobody does or the file is damaged."""
    found = state_file.read(path, {"release": str, "owner": str}, "").value
    return str(found["owner"]) if found and found["release"] == release else None


#: The watch of this process: it has one rollout. In any other process it finds nothing.
watch = Watch()
