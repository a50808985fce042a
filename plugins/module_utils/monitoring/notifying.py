"""Sends the events that wait to those who want to be told: each receiver by itself, in bounded time.

Place in the pipeline: target, in a process that systemd starts when there is an event. A receiver that hangs delays no
other receiver.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence

from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import Clock
from ansible_collections.slipway.stack.plugins.module_utils.monitoring import messages, outcomes
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.delivery import NotDelivered, deliver
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.receivers import Receiver
from ansible_collections.slipway.stack.plugins.module_utils.state import events, known_secrets
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.masking import Mask, printable

#: Seconds for one try.
TRY_SECONDS = 10.0
#: Seconds before the first try and each further one. A receiver that is restarted is back by then.
PAUSES = (0.0, 3.0, 15.0)
_POLL_SECONDS = 0.2


class _Line:
    """The messages to one receiver, in a thread of its own, in their order."""

    def __init__(self, receiver: Receiver, send: Callable[[Receiver, Event, Sequence[float]], bool]) -> None:
        self.receiver = receiver
        self._send = send
        self._waiting: queue.Queue[Event] = queue.Queue()
        self._pauses: Sequence[float] = PAUSES
        threading.Thread(target=self._work, daemon=True).start()

    def put(self, event: Event) -> None:
        self._waiting.put(event)

    @property
    def is_idle(self) -> bool:
        return self._waiting.unfinished_tasks == 0

    def _work(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                # One that was not there a moment ago gets one try for each further event.
                self._pauses = PAUSES if self._send(self.receiver, event, self._pauses) else PAUSES[:1]
            finally:
                self._waiting.task_done()


def notify(home: Home, receivers: Sequence[Receiver], clock: Clock | None = None) -> None:
    """Send all events that wait, and those that come meanwhile. Returns when each was sent or has failed.

    :raises OSError: if the directory of the events fails.
    """
    secrets = [*known_secrets.values(home), *(secret for one in receivers for secret in one.secrets)]
    sender = _Sender(home, Mask(secrets), clock or Clock())
    lines = [_Line(one, sender.send) for one in receivers]
    while True:
        for event in events.take(home):
            for line in lines:
                if event.event in line.receiver.on:
                    line.put(event)
        if all(line.is_idle for line in lines):
            return
        time.sleep(_POLL_SECONDS)


class _Sender:
    def __init__(self, home: Home, mask: Mask, clock: Clock) -> None:
        self._home, self._mask, self._clock = home, mask, clock
        self._lock = threading.Lock()

    def send(self, receiver: Receiver, event: Event, pauses: Sequence[float]) -> bool:
        """Try to send one event, and record how it ended. :return: whether it arrived."""
        stack, host = self._home.path.name, socket.gethostname()
        message = messages.content(event, stack, host, lambda text: printable(self._mask.text(text)))
        reason = ""
        for pause in pauses:
            self._clock.sleep(pause)
            try:
                deliver(receiver, message, TRY_SECONDS)
                reason = ""
                break
            except NotDelivered as error:
                reason = str(error)
            except Exception as error:
                # Whatever it is, the other messages go on.
                reason = f"it cannot be told: {type(error).__name__}"
        # A full disk is no reason to send nothing.
        with self._lock, contextlib.suppress(OSError):
            outcomes.write(self._home, receiver.label, event.event, self._mask.text(reason))
        return not reason
