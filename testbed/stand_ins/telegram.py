"""A stand-in for Telegram's Bot API, run as a script. It has the methods that a polling bot uses, for one bot.

Like the real API it gives updates to one client at a time: a second client ends the first with 409. For tests there are
`POST /say` (a person's message to the bot) and `GET /state` (the bot's messages, and the number of ended clients).
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
        self._client = 0
        self._messages = 0

    def say(self, text: str) -> None:
        """Add a message from a person."""
        with self.changed:
            self._messages += 1
            self.updates.append({"update_id": self._messages, "message": {"chat": {"id": 1}, "text": text}})
            self.changed.notify_all()

    def poll(self, offset: int, seconds: float, connected: Callable[[], bool]) -> list[dict[str, Any]] | None:
        """Wait for updates and return them, from *offset* on. ``None`` if another client has taken over.

        :param connected: whether the client still waits. A client that has disconnected does not count.
        """
        with self.changed:
            self._client += 1
            client = self._client
            # The offset confirms all earlier updates.
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
            self.changed.notify_all()
            deadline = time.monotonic() + min(seconds, LONGEST_POLL)
            while time.monotonic() < deadline and connected():
                if client != self._client:
                    self.conflicts += 1
                    return None
                if self.updates:
                    return list(self.updates)
                self.changed.wait(0.2)
            return []


def server(port: int, chat: Chat) -> ThreadingHTTPServer:
    """Return the server. It listens on all addresses and does not serve yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"sent": chat.sent, "conflicts": chat.conflicts})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            method = self.path.rpartition("/")[2]
            result: Any = True
            if method == "say":
                chat.say(request["text"])
            elif method == "sendMessage":
                chat.sent.append(request["text"])
            elif method == "getUpdates":
                result = chat.poll(request.get("offset", 0), request.get("timeout", 0), self._connected)
                if result is None:
                    self._answer(409, {"ok": False, "description": "Conflict: terminated by other getUpdates request"})
                    return
            self._answer(200, {"ok": True, "result": result})

        def _connected(self) -> bool:
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
            """Do not log requests."""

    return ThreadingHTTPServer(("", port), Handler)


def main() -> None:
    """Serve until the process is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    server(parser.parse_args().port, Chat()).serve_forever()


if __name__ == "__main__":
    main()
