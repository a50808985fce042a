"""Probes against a real server in a thread."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import probe

RELEASE = "20261121T101500Z-1a2b3c4d"
#: Status, release header and body by path.
ANSWERS: dict[str, tuple[int, str | None, str]] = {
    "/": (200, RELEASE, '<div id="root">Größe</div>'),
    "/teapot": (418, RELEASE, "short and stout"),
    "/broken": (502, RELEASE, "bad gateway"),
    "/old": (200, "20251121T101500Z-ffffffff", "hello"),
    "/stranger": (200, None, "hello"),
    "/gr%C3%B6%C3%9Fe%20a?q=%C3%A4%20b&r=%2F": (200, RELEASE, "hello"),
    "/a%00b": (200, RELEASE, "hello"),
}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/host":
            status, release, body = 200, RELEASE, str(self.headers["Host"])
        elif self.path == "/hang":
            self.close_connection = True
            return
        else:
            status, release, body = ANSWERS[self.path]
        self.send_response(status)
        if release:
            self.send_header("X-Release", release)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def _wanted(path: str, status: int | None = None, contains: str | None = None) -> dict[str, Any]:
    return {"path": path, "status": status, "contains": contains}


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        (_wanted("/"), None),
        (_wanted("/", 200, "Größe"), None),
        (_wanted("/teapot", 418), None),
        # Anything below 500 is an answer of the application's own.
        (_wanted("/teapot"), None),
        (_wanted("/teapot", 200), "answered 418, 200 expected"),
        (_wanted("/broken"), "answered 502"),
        (_wanted("/broken", 502), None),
        (_wanted("/", 200, "Welcome"), "answered without the text 'Welcome'"),
        (_wanted("/old"), f"was answered by release 20251121T101500Z-ffffffff, not {RELEASE}"),
        (_wanted("/stranger"), f"was answered by release unknown (no X-Release header), not {RELEASE}"),
    ],
)
def test_answer(port: int, wanted: dict[str, Any], wrong: str | None) -> None:
    where = f"http://127.0.0.1:{port}{wanted['path']}"
    assert probe("127.0.0.1", port, "", RELEASE, wanted) == (f"{where} {wrong}" if wrong else None)


@pytest.mark.parametrize("path", ["/größe a?q=ä b&r=%2F", "/a\0b"])
def test_a_path_is_asked_for_as_a_browser_does(port: int, path: str) -> None:
    assert probe("127.0.0.1", port, "", RELEASE, _wanted(path, 200)) is None


def test_a_name_that_no_request_can_have(port: int) -> None:
    found = probe("127.0.0.1", port, "läden.example.com\n☃", RELEASE, _wanted("/"))
    assert found is not None
    assert found.startswith(f"http://127.0.0.1:{port}/ cannot be asked for: ")


def test_the_public_name_is_asked_for(port: int) -> None:
    assert probe("127.0.0.1", port, "shop.example.com", RELEASE, _wanted("/host", 200, "shop.example.com")) is None
    assert probe("127.0.0.1", port, "", RELEASE, _wanted("/host", 200, f"127.0.0.1:{port}")) is None


def test_a_server_that_hangs_up(port: int) -> None:
    found = probe("127.0.0.1", port, "", RELEASE, _wanted("/hang"))
    assert found is not None
    assert found.startswith(f"http://127.0.0.1:{port}/hang does not answer: ")


def test_nobody_there() -> None:
    found = probe("127.0.0.1", 1, "", RELEASE, _wanted("/"))
    assert found is not None
    assert found.startswith("http://127.0.0.1:1/ does not answer: [Errno ")
