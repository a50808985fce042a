"""A stand-in for Telegram's Bot API, to be run as a script: the methods that a polling bot uses, for one bot.

Like the real one it gives updates to one asker at a time: a second ends the first with 409. For tests there are
`POST /say` (a text that a person writes to the bot) and `GET /state` (what the bot sent, and how many were ended).
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST_POLL = 50.0


class Chat:
    """Messages to and from the bot."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.updates: list[dict[str, Any]] = []
        self.sent: list[str] = []
        self.conflicts = 0
        self._asker = 0
        self._said = 0

    def say(self, text: str) -> None:
        """Take a message from a person."""
        with self.changed:
            self._said += 1
            self.updates.append({"update_id": self._said, "message": {"chat": {"id": 1}, "text": text}})
            self.changed.notify_all()

    def ask(self, offset: int, seconds: float, there: Callable[[], bool]) -> list[dict[str, Any]] | None:
        """Return the updates from *offset* on, waiting for one; ``None`` where another asker has taken over.

        :param there: whether the asker still waits. One that has gone is in nobody's way.
        """
        with self.changed:
            self._asker += 1
            me = self._asker
            # Asking from an update on says that all before it have been dealt with.
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
            self.changed.notify_all()
            deadline = time.monotonic() + min(seconds, LONGEST_POLL)
            while time.monotonic() < deadline and there():
                if me != self._asker:
                    self.conflicts += 1
                    return None
                if self.updates:
                    return list(self.updates)
                self.changed.wait(0.2)
            return []


def server(port: int, chat: Chat) -> ThreadingHTTPServer:
    """Return the server, listening on all addresses but not serving yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"sent": chat.sent, "conflicts": chat.conflicts})

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            method = self.path.rpartition("/")[2]
            result: Any = True
            if method == "say":
                chat.say(given["text"])
            elif method == "sendMessage":
                chat.sent.append(given["text"])
            elif method == "getUpdates":
                result = chat.ask(given.get("offset", 0), given.get("timeout", 0), self._there)
                if result is None:
                    self._answer(409, {"ok": False, "description": "Conflict: terminated by other getUpdates request"})
                    return
            self._answer(200, {"ok": True, "result": result})

        def _there(self) -> bool:
            ready, _, _ = select.select([self.connection], [], [], 0)
            return not ready or bool(self.connection.recv(1, socket.MSG_PEEK))

        def _answer(self, status: int, body: object) -> None:
            text = json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, *_: object) -> None:
            """Say nothing of each request."""

    return ThreadingHTTPServer(("", port), Handler)


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    server(parser.parse_args().port, Chat()).serve_forever()


if __name__ == "__main__":
    main()
