"""Events that people want to be told about: a rollout or the work of a timer began, or ended, and how.

Place in the pipeline: target, at the beginning and the end of the work. An event is a file in ``state/events``, and no
more is done here: systemd sees the file and starts what sends it (``monitoring/units``). So nothing that a receiver
does can delay the work or fail it. The directory exists exactly while somebody wants to be told.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

#: By name, what has happened, as a part of a sentence.
EVENTS: Mapping[str, str] = {
    "rollout_started": "the rollout has started",
    "rollout_succeeded": "the rollout succeeded",
    "rollout_reverted": "the rollout failed and was reverted",
    "rollout_failed": "the rollout failed",
    "backup_succeeded": "the backup succeeded",
    "backup_failed": "the backup failed",
    "drill_succeeded": "the drill of a backup succeeded",
    "drill_failed": "the drill of a backup failed",
    "certificate_renewed": "the certificate was renewed",
    "certificate_failed": "the certificate was not renewed",
}
#: Events that wait. If there are more, what sends them does not work, and the disk must not fill up.
_MOST = 200
_FIELDS: Mapping[str, state_file.Types] = {
    "event": str,
    "at": (int, float),
    "release": str,
    "previous": str,
    "version": str,
    "commit": str,
    "owner": str,
    "seconds": (int, float),
    "reason": str,
}


@dataclass(frozen=True)
class Event:
    """``event``: one of :data:`EVENTS`. ``at``: seconds of the epoch. ``seconds``: how long it took, 0 if it began.

    ``reason``: why it failed and what holds now, as sentences.
    """

    event: str
    release: str = ""
    previous: str = ""
    version: str = ""
    commit: str = ""
    owner: str = ""
    seconds: float = 0.0
    reason: str = ""
    at: float = field(default_factory=time.time)


def tell(home: Home, event: Event) -> None:
    """Leave an event to be sent, if somebody wants to be told. Never raises: the work goes on without it."""
    with contextlib.suppress(OSError):
        if home.events.is_dir() and len(list(home.events.iterdir())) < _MOST:
            # Complete before it is there: systemd acts on any file.
            path = home.state / f"event-{time.time_ns():020}.json"
            write_text(path, json.dumps(asdict(event)) + "\n", 0o600)
            path.replace(home.events / path.name)


def take(home: Home) -> Iterator[Event]:
    """Yield the events that wait, oldest first, and remove each before: it is sent once or not at all.

    :raises OSError: if one cannot be removed.
    """
    for path in sorted(home.events.iterdir()) if home.events.is_dir() else ():
        found = state_file.read(path, _FIELDS, "").value
        path.unlink()
        if found is not None and found["event"] in EVENTS:
            yield Event(**{name: found[name] for name in _FIELDS})
