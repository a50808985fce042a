"""The rotation of a secret as work of its own on this host: one at a time, in the journal, to its end.

Place in the pipeline: target, between the module and ``rotating``. It holds the lease of the stack.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ansible_collections.slipway.stack.plugins.module_utils.rotation import rotating
from ansible_collections.slipway.stack.plugins.module_utils.state import (
    drain,
    journal,
    journaled_work,
    rotation,
    stopped,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease
from ansible_collections.slipway.stack.plugins.module_utils.state.rotation import Rotation


def check(home: Home, secret: str, finish: bool) -> None:
    """Do what :func:`begin` does first, and change nothing. :raises RolloutFailed: if it would be refused."""
    if _unfinished(home, secret, finish) is None:
        rotating.check(home, secret, finish)


def begin(home: Home, secret: str, owner: str, finish: bool) -> tuple[Lease, str, Callable[[], None]]:
    """Take the lease, and return it, the name of the work in the journal, and what does it.

    A rotation that was interrupted goes on.

    :param finish: only end the overlap with the previous value.
    :raises LeaseHeld: if a rollout or other work is under way.
    :raises RolloutFailed: if the secret cannot be rotated, or the rotation of another one is unfinished.
    """
    if problem := drain.obstacle(home) or stopped.obstacle(home):
        raise RolloutFailed(problem)
    if not home.state.is_dir():
        raise RolloutFailed("nothing was ever deployed on this host")
    name = f"rotate-{secret}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    lease = Lease(home.lease, owner, name, lambda: journal.open_for(home.journal), work="rotation")
    unfinished = _unfinished(home, secret, finish)
    # The values are on the disk before the first record, because the journal masks what is there then.
    begun = unfinished or rotating.begin(home, secret, owner, finish)
    return lease, name, lambda: _run(home, begun, name, unfinished is not None)


def _unfinished(home: Home, secret: str, finish: bool) -> Rotation | None:
    """Return the rotation of this secret that was interrupted.

    :raises RolloutFailed: if the rotation of another one was.
    """
    found = rotation.read(home)
    if found.problem or (found.value and (found.value.secret, found.value.finish) != (secret, finish)):
        raise RolloutFailed(rotation.unfinished(home))
    return None if found.value and rotating.is_over(home, found.value) else found.value


def _run(home: Home, begun: Rotation, name: str, resumed: bool) -> None:
    """Do the work, and write to the journal how it ended."""
    records = Journal(home.journal, name, masking(home))
    what = f"the {'end of the overlap' if begun.finish else 'rotation'} of secret '{begun.secret}'"
    started = time.monotonic()

    def rotate() -> str:
        records.write("rotate", "started", f"{'going on with' if resumed else 'beginning'} {what}")
        rotating.Rotating(home, begun, records).run()
        return f"{what} is complete after {time.monotonic() - started:.1f} s"

    journaled_work.run(records, rotate, lambda: _after_failure(home), rotating.FAILURES)


def _after_failure(home: Home) -> str:
    unfinished = rotation.unfinished(home)
    return unfinished[:1].upper() + unfinished[1:] if unfinished else "No rotation is unfinished on this host"
