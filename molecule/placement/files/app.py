"""Counts visits in Redis. `migrate` as the second argument is the release job, `serve HOST` the server.

The version `faulty` answers half of the visits with an error, and is healthy.
"""

from __future__ import annotations

import hashlib
import http.server
import os
import random
import socket
import sys
from pathlib import Path


def _redis(*command: str) -> str:
    """Return the answer to a command. Each argument is sent with its length (RESP)."""
    password = Path(os.environ["REDIS_PASSWORD_FILE"]).read_text()
    with socket.create_connection((os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])), timeout=5) as connection:
        answers = connection.makefile("rb")
        for words in (("AUTH", password), command):
            parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            connection.sendall(f"*{len(words)}\r\n{parts}".encode())
            answer = answers.readline().decode().strip()
            if answer.startswith("-"):
                raise SystemExit(answer)
    return answer.removeprefix(":")


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the version, or with what Redis and the secret say."""
        key = hashlib.sha256(Path(os.environ["SESSION_KEY_FILE"]).read_bytes()).hexdigest()[:8]
        texts = {"/version": f"spread {sys.argv[1]}", "/key": key, "/host": sys.argv[3], "/claims": self._claims()}
        text = texts.get(self.path) or _redis("INCR", f"count:{self.path}")
        fails = sys.argv[1] == "faulty" and self.path not in texts and random.random() < 0.5
        self.send_response(500 if fails else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _claims(self) -> str:
        """Return what proxies say of the client."""
        return " ".join(str(self.headers[name]) for name in ("Host", "X-Forwarded-For", "X-Request-Id"))


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1000


if sys.argv[2:] == ["migrate"]:
    print(_redis("INCR", f"migrated:{sys.argv[1]}"))
else:
    _Server(("", 8000), _Handler).serve_forever()
