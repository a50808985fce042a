"""A probe of a route that streams without an end: the deploy ends all the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Playbook = Callable[..., Any]

SERVER = """
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        while self.path == "/events":
            self.wfile.write(b"data: {greeting}\\n\\n")
            self.wfile.flush()
            time.sleep(1)
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
HEALTH = "import socket; socket.create_connection(('127.0.0.1', 8080)).close()"


def _feed(greeting: str, **probe: Any) -> dict[str, Any]:
    return {
        "stack_name": "feed",
        "stack_policy_exceptions": [],
        "stack_services": {
            "app": {
                "kind": "custom",
                "class": "rolling",
                "image": "python:3.13-slim",
                "command": ["python3", "/serve.py"],
                "port": 8080,
                "user": "65534:65534",
                "stop_grace": "1s",
                "files": {"/serve.py": {"content": SERVER.replace("{greeting}", greeting)}},
                "health": {"test": ["CMD", "python3", "-c", HEALTH], "interval": "1s"},
            },
            "edge": {"kind": "nginx", "http_port": 8422, "drain": "2s", "routes": [{"path": "/", "to": "app"}]},
        },
        "stack_probes": [{"path": "/events", "status": 200, **probe}],
    }


@pytest.fixture(scope="module", autouse=True)
def _removed(playbook: Playbook) -> Iterator[None]:
    yield
    assert playbook("../molecule/stack/reset", **_feed("")).code == 0


def test_deploys_end_although_the_probe_could_read_forever(playbook: Playbook) -> None:
    for number, probe in enumerate([{}, {}, {"contains": "one 2"}]):
        started = time.monotonic()
        run = playbook("deploy", **_feed(f"one {number}", **probe))
        assert run.code == 0, run.output
        assert time.monotonic() - started < 90


def test_a_text_that_never_comes_reverts_the_rollout(playbook: Playbook) -> None:
    started = time.monotonic()
    run = playbook("deploy", **_feed("another", contains="never"))
    assert run.code == 2, run.output
    assert "/events" in run.output
    assert "answered without the text 'never'" in run.output
    assert time.monotonic() - started < 120
