"""A fake Docker engine: it answers on a socket with the values of the test, and records the requests."""

from __future__ import annotations

import contextlib
import http.server
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

#: Starts an engine with answers ``{path: (status, body)}``, and returns the recorded requests, see :func:`engine`.
Answer = Callable[[dict[str, tuple[int, Any]]], list[tuple[str, dict[str, str]]]]


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    # A body that is still being sent does not keep the server.
    block_on_close = False
    answers: dict[str, tuple[int, Any]]
    asked: list[tuple[str, dict[str, str]]]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Send the answer for the path, 404 for any other path."""
        self.server.asked.append((self.path, dict(self.headers)))
        status, body = self.server.answers.get(self.path, (404, {"message": "no such thing"}))
        if callable(body):
            self._stream(status, body())
            return
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        # A client that has read enough closes the connection.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.end_headers()
            self.wfile.write(text)

    def _stream(self, status: int, chunks: Iterator[bytes]) -> None:
        """Send a body of unknown length until it ends or the client disconnects."""
        self.send_response(status)
        self.end_headers()
        with contextlib.suppress(OSError):
            for chunk in chunks:
                self.wfile.write(chunk)
                self.wfile.flush()

    def do_POST(self) -> None:
        """Answer like GET."""
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.do_GET()

    def address_string(self) -> str:
        """Return a name for the client. A client on a Unix socket has none."""
        return "client"

    def log_message(self, *_arguments: Any) -> None:
        """Do not log requests."""


@contextlib.contextmanager
def engine(socket: Path, answers: dict[str, tuple[int, Any]]) -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Answer on *socket* with ``{path: (status, body)}``.

    A body of bytes is sent unchanged. A function returns the chunks of a body, sent one by one. Any other is JSON.

    Yields the list of requests: path and headers of each.
    """
    server = _Server(str(socket), _Handler)
    server.answers, server.asked = answers, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
