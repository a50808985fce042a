"""An HTTP response that is read until one deadline.

Place in the pipeline: target, under requests to the engine and to the edge. A timeout of a socket counts from one read
to the next, so a server that sends one byte a second would never be too slow.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any


def seconds_until(deadline: float) -> float:
    """Return the time that is left.

    :raises socket.timeout: if none is left.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left


class TimedResponse(http.client.HTTPResponse):
    """A response that is read until a deadline, and that is the first one which is not informational."""

    def __init__(self, sock: socket.socket, *arguments: Any, deadline: float, **keywords: Any) -> None:
        super().__init__(sock, *arguments, **keywords)
        self.fp = io.BufferedReader(_UntilDeadline(self.fp.detach(), sock, deadline))

    def begin(self) -> None:
        """Read the status and the headers. The base class takes 103 Early Hints for the answer itself."""
        super().begin()
        while 100 <= self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


class _UntilDeadline(io.RawIOBase):
    """What a socket receives until a deadline."""

    def __init__(self, raw: Any, sock: socket.socket, deadline: float) -> None:
        self._raw, self._socket, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        """Return true, as the buffer around it requires."""
        return True

    def readinto(self, buffer: Any) -> Any:
        """Receive into the buffer.

        :raises socket.timeout: after the deadline.
        """
        self._socket.settimeout(seconds_until(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the socket."""
        self._raw.close()
        super().close()
