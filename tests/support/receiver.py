"""A receiver of webhooks on this machine that answers, or does what real ones do on a bad day."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Receiver(http.server.ThreadingHTTPServer):
    """It keeps the path and the body of each request, and answers with ``status``; 0 never answers."""

    daemon_threads = True

    def __init__(self, status: int, address: str) -> None:
        super().__init__((address, 0), _Handler)
        self.status = status
        self.got: list[tuple[str, Any]] = []
        #: Set at the end, so that no thread of a test hangs.
        self.closed = threading.Event()

    @property
    def url(self) -> str:
        """Return its address, with a path that is a secret."""
        return self.url_at("127.0.0.1")

    def url_at(self, address: str) -> str:
        """Return its address as another machine reaches this one."""
        return f"http://{address}:{self.server_port}/services/T0SECRETPATH"

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a client that gave up is what some tests want."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Keep a request and answer it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, json.loads(body)))
        if self.server.status == 0:
            self.server.closed.wait(60)
            return
        if self.server.status == 1:
            # A header a second, and no end of them.
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            with contextlib.suppress(OSError):
                while not self.server.closed.wait(0.1):
                    self.wfile.write(b"X: 1\r\n")
                    self.wfile.flush()
            return
        self.send_response(self.server.status)
        self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving(status: int = 204, address: str = "127.0.0.1") -> Iterator[Receiver]:
    """Run a receiver. :param status: what it answers; 0 for one that hangs, 1 for one that answers without an end.

    :param address: where it listens; empty for all addresses of this machine.
    """
    server = Receiver(status, address)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closed.set()
        server.shutdown()
        server.server_close()
