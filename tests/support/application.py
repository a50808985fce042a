"""A small application behind an edge under test; run with its port. It has a thread for each connection.

`GET …/body/BYTES` answers with that many bytes, `GET …/json/BYTES` with such that can be compressed. `POST` reads the
body and answers with its length. Anything else is answered with a greeting.
"""

from __future__ import annotations

import http.server
import sys

_PIECE = 64 * 1024


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: An idle connection is closed after five seconds, as uvicorn does.
    timeout = 5

    def do_GET(self) -> None:
        """Answer with a greeting, or with as many bytes as the path says."""
        *_, kind, last = self.path.split("/")
        size = int(last) if kind in ("body", "json") else 0
        if not size:
            self._answer(b"hello\n")
            return
        piece = (bytes(range(256)) * (_PIECE // 256)) if kind == "body" else _text()
        self.connection.settimeout(None)
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if kind == "json" else "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        while size > 0:
            self.wfile.write(piece[:size])
            size -= len(piece)

    def do_POST(self) -> None:
        """Read the body, and answer with its length."""
        self.connection.settimeout(None)
        size = 0
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                size += len(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
        else:
            left = int(self.headers.get("Content-Length", 0))
            while left and (piece := self.rfile.read(min(left, _PIECE))):
                left -= len(piece)
                size += len(piece)
        self._answer(b"%d\n" % size)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Do not log requests."""


def _text() -> bytes:
    """Return text that a compressor has work with."""
    words = [b'{"id": %d, "sum": %d},' % (number, number * number * 7919 % 100_003) for number in range(4000)]
    return b"".join(words)[:_PIECE]


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1000


if __name__ == "__main__":
    _Server(("", int(sys.argv[1])), _Handler).serve_forever()
