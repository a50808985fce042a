"""Does what a stack can see of Langflow: takes its database over, writes its files and its log, tells its health."""

import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg

URL = os.environ["LANGFLOW_DATABASE_URL"]


def take_over() -> None:
    """As the real one: a version that is not its own is dropped, whoever it belonged to."""
    with psycopg.connect(URL) as connection:
        connection.execute("DROP TABLE IF EXISTS alembic_version")
        connection.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('langflow')")
        connection.execute("CREATE TABLE IF NOT EXISTS flow (id serial PRIMARY KEY)")


class Health(BaseHTTPRequestHandler):
    """Answers /health_check with 200 as long as the database answers."""

    def do_GET(self) -> None:
        """Answer."""
        try:
            with psycopg.connect(URL, connect_timeout=3) as connection:
                connection.execute("SELECT 1 FROM flow LIMIT 1")
            status = 200 if self.path == "/health_check" else 404
        except psycopg.Error:
            status = 503
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _stop(*_: object) -> None:
    raise SystemExit(0)


def main() -> None:
    """Run until SIGTERM."""
    signal.signal(signal.SIGTERM, _stop)
    take_over()
    Path(os.environ["LANGFLOW_CONFIG_DIR"], "secret_key").write_text("kept")
    with Path(os.environ["LANGFLOW_LOG_FILE"]).open("a") as log:
        log.write("started\n")
    ThreadingHTTPServer((os.environ["LANGFLOW_HOST"], int(os.environ["LANGFLOW_PORT"])), Health).serve_forever()


if __name__ == "__main__":
    main()
