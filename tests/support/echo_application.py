"""An application behind a real edge: echoes requests, and answers as awkwardly as a path says."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

#: The types of streams, by the path that answers with one.
STREAMS = {"/events": "text/event-stream", "/ndjson": "application/x-ndjson", "/tokens": "text/plain; charset=utf-8"}


class Application(BaseHTTPRequestHandler):
    """Answers depend on the last part of the path, so that they can be asked for below any prefix."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        url = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        last = f"/{url.path.rsplit('/', 1)[-1]}"
        if self.headers.get("Upgrade"):
            self._upgrade(float(query.get("pause", 0)))
        elif last in STREAMS:
            self._stream(STREAMS[last], float(query.get("pause", 1)), int(query.get("count", 5)), "chunked" in query)
        elif last == "/answer":
            self._answer(b"{}", [(name, unquote(value)) for name, value in query.items()])
        elif last == "/headers":
            self._answer(b"{}", [("X-Large", "x" * int(query["bytes"]))])
        elif last == "/status":
            code = int(query.pop("code"))
            self._answer(b"{}", list(query.items()), code)
        elif last == "/slow":
            time.sleep(float(query["pause"]))
            self._answer(b"{}", [])
        elif last == "/redirect":
            # Like FastAPI for a missing slash: the absolute URL as this application believes it to be.
            scheme = self.headers.get("X-Forwarded-Proto", "http")
            self._answer(b"", [("Location", f"{scheme}://{self.headers['Host']}{url.path}/")], 307)
        else:
            pairs = [[name.lower(), value] for name, value in self.headers.items()]
            echo = {"path": self.path, "headers": pairs, "method": self.command, "port": self.server.server_address[1]}
            self._answer(json.dumps(echo).encode(), [])

    def do_POST(self) -> None:
        """Read the body and answer."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        while self.headers.get("Transfer-Encoding") and (length := int(self.rfile.readline(), 16)):
            self.rfile.read(length + 2)
        if self.headers.get("Transfer-Encoding"):
            self.rfile.readline()
        self.do_GET()

    def _answer(self, body: bytes, headers: list[tuple[str, str]], status: int = 200) -> None:
        self.send_response(status)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, type_: str, pause: float, count: int, chunked: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", type_)
        self.send_header("Transfer-Encoding" if chunked else "Connection", "chunked" if chunked else "close")
        self.end_headers()
        for number in range(count):
            if number:
                time.sleep(pause)
            piece = f"data: {number}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            self.wfile.flush()
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def _upgrade(self, pause: float) -> None:
        """Switch to whatever protocol is asked for, and say after a pause what was asked for."""
        asked = self.headers["Upgrade"]
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", asked)
        if key := self.headers.get("Sec-WebSocket-Key"):
            digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
            self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        time.sleep(pause)
        self.wfile.write(f"switched to {asked}\n".encode())
        self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 1000


if __name__ == "__main__":
    # Each argument is a port.
    servers = [_Server(("0.0.0.0", int(port)), Application) for port in sys.argv[1:]]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()
