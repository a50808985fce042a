"""The health checks that are a program of their own are run, with healthy and unhealthy input."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.descriptions import model


def _check(kind: str, **keys: Any) -> list[str]:
    service = model({"app": {"kind": kind, "image": "app:1", **keys}}).services["app"]
    test = [argument.replace("$$", "$") for argument in service.health["test"]]
    return ["sh", "-c", *test[1:]] if test[0] == "CMD-SHELL" else test[1:]


@contextmanager
def _server(status: int) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Answer each request with *status*, and yield the port and the paths and logins of the requests."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization", "")))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


@pytest.mark.parametrize(("age", "healthy"), [(0, True), (80, True), (100, False), (None, False)])
def test_a_bot_is_healthy_while_its_heartbeat_is_fresh(age: int | None, healthy: bool, tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    if age is not None:
        heartbeat.touch()
        os.utime(heartbeat, (time.time() - age,) * 2)
    check = _check("telegram_bot", heartbeat=str(heartbeat))
    done = subprocess.run([sys.executable, *check[1:]], capture_output=True)
    assert (done.returncode == 0) is healthy


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_minio_is_healthy_while_it_can_write_objects(status: int, healthy: bool) -> None:
    with _server(status) as (port, asked):
        done = subprocess.run(_check("minio", port=port), capture_output=True, timeout=30)
    assert (done.returncode == 0) is healthy, done.stderr
    assert asked == [("/minio/health/cluster", "")]


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (408, False)])
def test_opensearch_is_healthy_while_every_index_can_be_read(status: int, healthy: bool, tmp_path: Path) -> None:
    password = f"{secrets.token_hex(16)} \"'$(id)\\"
    (tmp_path / "password").write_text(password)
    with _server(status) as (port, asked):
        check = [
            one.replace("/run/secrets/app_password", f"{tmp_path}/password") for one in _check("opensearch", port=port)
        ]
        done = subprocess.run(check, capture_output=True, timeout=30)
    assert (done.returncode == 0) is healthy, done.stderr
    login = base64.b64encode(f"admin:{password}".encode()).decode()
    assert asked == [("/_cluster/health?wait_for_status=yellow&timeout=5s", f"Basic {login}")]


@pytest.mark.parametrize("kind", ["minio", "opensearch"])
def test_a_port_that_nobody_listens_on_is_unhealthy(kind: str) -> None:
    with _server(200) as (port, _asked):
        pass
    assert subprocess.run(_check(kind, port=port), capture_output=True, timeout=30).returncode != 0
