"""An application that uses each kind of secret in every request, as it was at its start.

It logs in to Postgres and to Redis, each time on a new connection, as a pool does that reconnects. A request may have a
token, which is signed with the application's key; the previous key is good enough, too.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import redis


def _secret(name: str) -> str:
    return Path("/run/secrets", name).read_text()


KEYS = [key for key in (_secret("session_key"), _secret("session_key_previous")) if key]
#: Seconds for a login, which is less than a client waits for its answer.
PATIENCE = 18
DATABASE, CACHE = Path(os.environ["POSTGRES_PASSWORD_FILE"]).read_text(), _secret("store_password")


def signed(key: str) -> str:
    """Return the token that a key signs."""
    return hmac.new(key.encode(), b"visitor", hashlib.sha256).hexdigest()


class Gate(BaseHTTPRequestHandler):
    """Answers 200 if all that it has is accepted, 401 for a token that it does not accept, 500 for all else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a new token."""
        token = self.headers.get("X-Token")
        if token and not any(hmac.compare_digest(token, signed(key)) for key in KEYS):
            self._answer(401, "token\n")
            return
        try:
            environment = os.environ
            with psycopg.connect(
                host=environment["POSTGRES_HOST"],
                user=environment["POSTGRES_USER"],
                dbname=environment["POSTGRES_DB"],
                password=DATABASE,
                connect_timeout=PATIENCE,
            ) as connection:
                connection.execute("SELECT 1")
            with redis.Redis("store", password=CACHE, socket_timeout=PATIENCE) as cache:
                cache.ping()
        except (psycopg.Error, redis.RedisError) as error:
            print(error, flush=True)
            self._answer(500, f"{error}\n")
            return
        self._answer(200, signed(KEYS[0]))

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Print nothing for each request."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Gate).serve_forever()
