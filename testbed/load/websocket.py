"""A websocket that stays open and in use, like that of a page in a browser."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

#: Seconds between two texts. Each must come back within TIMEOUT seconds.
PAUSE = 0.5
TIMEOUT = 10.0


@dataclass
class Connection:
    """One connection: its start and end in seconds since the start of the load, the echoes, and why it was closed.

    ``closed`` is ``None`` if the connection was open until the load ended.
    """

    opened: float
    release: str
    closed: float | None = None
    echoes: int = 0
    why: str = ""

    def __str__(self) -> str:
        end = "open to the end" if self.closed is None else f"closed at {self.closed:.1f} s ({self.why})"
        return f"opened at {self.opened:.1f} s by {self.release}, {self.echoes} echoes, {end}"


class Socket:
    """Keeps a websocket open: sends a text every half second, waits for its echo, and connects again if closed."""

    def __init__(self, url: str) -> None:
        self.connections: list[Connection] = []
        self.refused: list[str] = []
        self._url = url
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self, started: float) -> None:
        """Open the websocket. *started* is the start of the load on the monotonic clock."""
        self._started = started
        self._thread.start()

    def stop(self) -> None:
        """Close the websocket if it was started."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._connect()
            except (OSError, WebSocketException) as error:
                self.refused.append(str(error) or type(error).__name__)
                self._stop.wait(PAUSE)

    def _connect(self) -> None:
        with connect(self._url, proxy=None, open_timeout=TIMEOUT, close_timeout=1) as socket:
            headers = socket.response.headers if socket.response else {}
            connection = Connection(self._now(), headers.get("X-Release") or "-")
            self.connections.append(connection)
            try:
                socket.recv(timeout=TIMEOUT)
                while not self._stop.wait(PAUSE):
                    text = secrets.token_hex(4)
                    socket.send(text)
                    if text in str(socket.recv(timeout=TIMEOUT)):
                        connection.echoes += 1
            except (ConnectionClosed, TimeoutError) as error:
                connection.closed = self._now()
                connection.why = str(error) or type(error).__name__

    def _now(self) -> float:
        return time.monotonic() - self._started
