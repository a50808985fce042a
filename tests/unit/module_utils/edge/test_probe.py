"""Probes against a real server in a thread."""

from __future__ import annotations

import http.server
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import probe
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe_requests import Request

from tests.support.hostile_server import Pieces, dripping, endless, serving, within

RELEASE = "20261121T101500Z-1a2b3c4d"
#: Status, release header and body of the answer, by path.
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

    def do_POST(self) -> None:
        """Answer 200 to the right password, 500 to another, as a login that is broken."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        right = body == b'{"password": "p"}' and self.headers["Authorization"] == "Bearer t"
        self.send_response(200 if right else 500)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


LOGIN = Request("POST", {"Authorization": "Bearer t", "Content-Type": "application/json"}, b'{"password": "p"}')


def test_a_probe_with_a_body(port: int) -> None:
    assert probe("127.0.0.1", port, "", None, _expected("/login", 200), request=LOGIN) is None


def test_a_broken_login_is_seen_and_shows_nothing_of_the_request(port: int) -> None:
    wrong = replace(LOGIN, headers={"Authorization": "Bearer other-token"})
    url = f"POST http://127.0.0.1:{port}/login"
    assert probe("127.0.0.1", port, "", None, _expected("/login", 200), request=wrong) == (
        f"{url} answered 500, 200 expected"
    )
    assert probe("127.0.0.1", port, "", None, _expected("/login"), request=wrong) == f"{url} answered 500"
    split = replace(LOGIN, headers={"Authorization": "Bearer to\r\nken"})
    failure = probe("127.0.0.1", port, "", None, _expected("/login", 200), request=split)
    assert failure == f"{url} cannot be requested: a header is not valid"


def test_a_header_replaces_the_domain(port: int) -> None:
    asked = Request("GET", {"host": "other.example.com"})
    expected = _expected("/host", 200, "other.example.com")
    assert probe("127.0.0.1", port, "shop.example.com", RELEASE, expected, request=asked) is None


def test_a_proxy_that_is_not_ours_need_not_say_the_release(port: int) -> None:
    assert probe("127.0.0.1", port, "", None, _expected("/stranger", 200)) is None


def _expected(path: str, status: int | None = None, contains: str | None = None) -> dict[str, Any]:
    return {"path": path, "status": status, "contains": contains}


@pytest.mark.parametrize(
    ("expected", "failure"),
    [
        (_expected("/"), None),
        (_expected("/", 200, "Größe"), None),
        (_expected("/teapot", 418), None),
        # Any status below 500 is an answer of the application.
        (_expected("/teapot"), None),
        (_expected("/teapot", 200), "answered 418, 200 expected"),
        (_expected("/broken"), "answered 502"),
        (_expected("/broken", 502), None),
        (_expected("/", 200, "Welcome"), "answered without the text 'Welcome'"),
        (_expected("/old"), f"was answered by release 20251121T101500Z-ffffffff, not {RELEASE}"),
        (_expected("/stranger"), f"was answered by release unknown (no X-Release header), not {RELEASE}"),
    ],
)
def test_an_answer_is_compared(port: int, expected: dict[str, Any], failure: str | None) -> None:
    url = f"http://127.0.0.1:{port}{expected['path']}"
    assert probe("127.0.0.1", port, "", RELEASE, expected) == (f"{url} {failure}" if failure else None)


@pytest.mark.parametrize("path", ["/größe a?q=ä b&r=%2F", "/a\0b"])
def test_a_path_is_quoted_as_in_a_browser(port: int, path: str) -> None:
    assert probe("127.0.0.1", port, "", RELEASE, _expected(path, 200)) is None


def test_a_domain_that_is_not_valid_in_a_request_is_reported(port: int) -> None:
    failure = probe("127.0.0.1", port, "läden.example.com\n☃", RELEASE, _expected("/"))
    assert failure is not None
    assert failure.startswith(f"http://127.0.0.1:{port}/ cannot be requested: ")


def test_the_host_header_is_the_domain(port: int) -> None:
    assert probe("127.0.0.1", port, "shop.example.com", RELEASE, _expected("/host", 200, "shop.example.com")) is None
    assert probe("127.0.0.1", port, "", RELEASE, _expected("/host", 200, f"127.0.0.1:{port}")) is None


def test_a_server_that_closes_the_connection_is_reported(port: int) -> None:
    failure = probe("127.0.0.1", port, "", RELEASE, _expected("/hang"))
    assert failure is not None
    assert failure.startswith(f"http://127.0.0.1:{port}/hang does not answer: ")


def test_a_missing_server_is_reported() -> None:
    failure = probe("127.0.0.1", 1, "", RELEASE, _expected("/"))
    assert failure is not None
    assert failure.startswith("http://127.0.0.1:1/ does not answer: [Errno ")


STREAM = f"HTTP/1.1 200 OK\r\nX-Release: {RELEASE}\r\nContent-Type: text/event-stream\r\n\r\n".encode()


def test_an_endless_stream_is_answered_as_soon_as_its_headers_are_there() -> None:
    with serving(lambda: itertools.chain([(0.0, STREAM)], endless(b"data: 1\n\n", 0.2))) as port, within(1.0):
        assert probe("127.0.0.1", port, "", RELEASE, _expected("/events", 200)) is None


def test_a_text_in_an_endless_stream_is_found_when_it_arrives() -> None:
    with serving(lambda: itertools.chain([(0.0, STREAM)], endless(b"data: 1\n\n", 0.2))) as port, within(2.0):
        assert probe("127.0.0.1", port, "", RELEASE, _expected("/events", 200, "data: 1\n\ndata: 1")) is None


@pytest.mark.parametrize(
    ("answer", "contains", "failure"),
    [
        (lambda: dripping(STREAM, 0.1), None, "does not answer: no complete answer within 0.5 s"),
        (
            lambda: itertools.chain([(0.0, STREAM)], endless(b".", 0.1)),
            "Welcome",
            "answered without the text 'Welcome' in time",
        ),
        (
            lambda: itertools.chain([(0.0, STREAM)], endless(b"." * 65536)),
            "Welcome",
            "answered without the text 'Welcome' in its first 1048576 bytes",
        ),
    ],
    ids=["drips its headers", "drips its body", "has a huge body"],
)
def test_an_answer_without_an_end_has_one_deadline(
    answer: Callable[[], Pieces], contains: str | None, failure: str
) -> None:
    with serving(answer) as port, within(2.0):
        found = probe("127.0.0.1", port, "", RELEASE, _expected("/", None, contains), timeout=0.5)
        assert found == f"http://127.0.0.1:{port}/ {failure}"
