"""Barriers: the points at which a rollout waits for all other hosts of the play.

Place in the pipeline: target, between the verbs of a rollout over several hosts. The controller permits the next part
when every host waits at the barrier. A host that gets no permission in time reverts. So the old release keeps serving
if the controller has died.
"""

from __future__ import annotations

import time
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import permission
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import WAITING, Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.permission import Permission

#: The barriers in order. At ``ready`` the images are on the host and the release jobs have run. At ``prepared`` the new
#: containers are healthy next to the old ones. At ``proven`` they get the requests and are verified. ``end`` is after
#: the last barrier.
BARRIERS = ("ready", "prepared", "proven", "end")
#: The barrier up to which each verb permits a rollout to go; ``abort`` makes it revert.
BARRIER_OF_VERB = {
    "all": "end",
    "begin": "ready",
    "prepare": "prepared",
    "switch": "proven",
    "finalize": "end",
    "abort": "abort",
}
_PERMITTED = frozenset(BARRIER_OF_VERB.values())
_TEXTS = {
    "ready": "ready; waiting for the other hosts",
    "prepared": "prepared; waiting for the other hosts",
    "proven": "switched and verified; waiting for the other hosts",
}


def permit(path: Path, release: str, barrier: str) -> None:
    """Permit the rollout of *release* to go on up to a barrier of :data:`BARRIERS`, or tell it to ``abort``.

    :raises RolloutFailed: if that cannot be written.
    """
    wanted = Permission(release, barrier)
    if permission.read(path).value == wanted:
        return
    try:
        permission.write(path, wanted)
    except OSError as error:
        if barrier != "abort":
            raise RolloutFailed(f"{path} cannot be written: {error.strerror}") from None
        # The disk is full. A rollout starts with a permission, so a missing one aborts it, too.
        path.unlink()


def _permitted(path: Path, release: str) -> str | None:
    found = permission.read(path)
    if found.problem:
        raise RolloutFailed(found.problem)
    if found.value is None or found.value.release != release:
        return None
    if found.value.barrier not in _PERMITTED:
        raise RolloutFailed(f"{path} permits {found.value.barrier!r}, which this version does not know")
    return found.value.barrier


class Barrier:
    """The barriers of one rollout. Unless *with_barriers* is set, the rollout passes all of them without waiting."""

    def __init__(self, path: Path, release: str, journal: Journal, with_barriers: bool, barrier_timeout: float) -> None:
        """:param barrier_timeout: seconds to wait at one barrier."""
        self._path = path
        self._release = release
        self._journal = journal
        self._with_barriers = with_barriers
        self._barrier_timeout = barrier_timeout

    def wait(self, barrier: str) -> None:
        """Wait at *barrier* for the permission to go on.

        :raises RolloutFailed: if the controller or a person aborts the rollout, or if there is no permission in time or
            a damaged one.
        """
        watch.check()
        if not self._with_barriers:
            return
        with self._journal.part(barrier, "wait", start_text=_TEXTS[barrier], state=WAITING):
            self._wait_for_permission(barrier)

    def _wait_for_permission(self, barrier: str) -> None:
        deadline = time.monotonic() + self._barrier_timeout
        while True:
            permitted = _permitted(self._path, self._release)
            if permitted == "abort" or not self._path.exists():
                raise RolloutFailed("another host failed, or a hook of the deploy")
            if permitted and BARRIERS.index(permitted) > BARRIERS.index(barrier):
                return
            if time.monotonic() > deadline:
                raise RolloutFailed(f"the controller did not answer within {self._barrier_timeout:.0f} s")
            watch.check()
            time.sleep(0.1)
