"""A websocket that stays open and is used all the time, as a page that is open in a browser has it."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

#: Seconds between two texts; each must come back within PATIENCE.
PAUSE = 0.5
PATIENCE = 10.0


@dataclass
class Life:
    """One connection: begin and end in seconds since the begin of the load, texts that came back, and why it ended.

    ``closed`` is ``None`` for one that lasted until the load ended.
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
    """Keeps a websocket open, sends a text every half second and wants it back; opens another where it is closed."""

    def __init__(self, url: str) -> None:
        self.lives: list[Life] = []
        self.refused: list[str] = []
        self._url = url
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def start(self, begun: float) -> None:
        """Open it; *begun* is the begin of the load on the monotonic clock."""
        self._begun = begun
        self._thread.start()

    def stop(self) -> None:
        """Close it, if it was ever started."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _live(self) -> None:
        while not self._over.is_set():
            try:
                self._talk()
            except (OSError, WebSocketException) as error:
                self.refused.append(str(error) or type(error).__name__)
                self._over.wait(PAUSE)

    def _talk(self) -> None:
        with connect(self._url, proxy=None, open_timeout=PATIENCE, close_timeout=1) as socket:
            headers = socket.response.headers if socket.response else {}
            life = Life(self._now(), headers.get("X-Release") or "-")
            self.lives.append(life)
            try:
                socket.recv(timeout=PATIENCE)
                while not self._over.wait(PAUSE):
                    text = secrets.token_hex(4)
                    socket.send(text)
                    if text in str(socket.recv(timeout=PATIENCE)):
                        life.echoes += 1
            except (ConnectionClosed, TimeoutError) as error:
                life.closed = self._now()
                life.why = str(error) or type(error).__name__

    def _now(self) -> float:
        return time.monotonic() - self._begun
