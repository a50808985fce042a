"""The program that the units of a stack start, without a controller: backup, drill, WAL received, WAL sent.

Place in the pipeline: target, started by systemd (:mod:`schedule` writes the units and ``state/backup.pyz``, which is
this package as one file).
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import continuous, results, sending, settings, work
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import events
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import LeaseHeld

#: Seconds to wait for a rollout that is under way when a timer fires.
_PATIENCE = 3600.0
_POLL_SECONDS = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Do the work in the foreground. :return: the exit code, 1 if it failed. Standard error then says why."""
    parser = argparse.ArgumentParser(description="Save the data of a stack, or check its newest backup.")
    parser.add_argument("home", type=Path, help="directory of the stack, such as /opt/stacks/shop")
    parser.add_argument("verb", choices=("take", "drill", "receive", "send"))
    parser.add_argument("service", nargs="?", default="", help="of receive: the service whose WAL is received")
    given = parser.parse_args(arguments)
    home = Home(str(given.home))
    if given.verb == "receive":
        return _receive(home, given.service)
    try:
        found = settings.read(home)
        if found.value is None:
            raise RolloutFailed(found.problem or f"{home.backup_settings} does not exist; run the role backup")
        if given.verb == "send":
            sending.send_by_timer(home, found.value.archive_timeout)
            return 0
        wanted = work.Work(given.verb, "timer", settings=found.value)
        before = len(results.read(home))
        _begin(home, wanted)
    except (RolloutFailed, LeaseHeld) as error:
        return _end_of(home, given.verb, str(error), 0.0)
    last = results.read(home)[before:][-1:]
    if last and last[0]["outcome"] == "ok":
        return _end_of(home, given.verb, "", last[0]["seconds"])
    return _end_of(home, given.verb, last[0]["reason"] if last else "the result was not written", 0.0)


def _end_of(home: Home, verb: str, reason: str, seconds: float) -> int:
    """Tell how the work ended. :param reason: why it failed, empty if it did not. :return: the exit code."""
    word = {"take": "backup"}.get(verb, verb)
    if word in ("backup", "drill"):
        event = f"{word}_failed" if reason else f"{word}_succeeded"
        live = home.current_id() or ""
        events.tell(home, Event(event, release=live, owner="timer", seconds=seconds, reason=masking(home)(reason)))
    if reason:
        sys.stderr.write(f"{reason}\n")
    return 1 if reason else 0


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def _receive(home: Home, service: str) -> int:
    """Receive WAL until the server stops. :return: 0 if nobody wants it; systemd starts this program again after 1."""
    # Python ends at SIGTERM without leaving its `with` statements, one of which removes a container.
    signal.signal(signal.SIGTERM, _end)
    try:
        return 1 if continuous.receive(home, service) else 0
    except (RolloutFailed, DockerError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _begin(home: Home, wanted: work.Work) -> None:
    """Do the work as soon as no rollout is under way. :raises LeaseHeld: if one does not end for an hour."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            _lease, _name, function = work.begin(home, wanted)
        except LeaseHeld:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
            continue
        function()
        return
