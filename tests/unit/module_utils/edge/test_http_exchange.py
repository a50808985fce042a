"""Requests to servers that never finish their answers: each ends in time, and keeps little of what was sent."""

from __future__ import annotations

import http.client
import itertools
import socket
import tracemalloc
from collections.abc import Callable

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge.http_exchange import Answer, exchange

from tests.support.hostile_server import Pieces, dripping, endless, serving, within

OK = b"HTTP/1.1 200 OK\r\nX-Release: r1\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
EVENTS = OK + b"Content-Type: text/event-stream\r\n\r\n"
#: An answer that takes longer than the tests allow, by what it does.
ENDLESS: dict[str, Callable[[], Pieces]] = {
    "says nothing": lambda: [(60.0, b"")],
    "drips its status": lambda: dripping(OK, 0.1),
    "drips its headers": lambda: itertools.chain([(0.0, OK)], endless(b"a", 0.1)),
    "sends 100 for ever": lambda: endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "sends 103 for ever": lambda: endless(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", 0.01),
}
#: A body without an end, by what it does.
ENDLESS_BODIES: dict[str, Callable[[], Pieces]] = {
    "drips": lambda: itertools.chain([(0.0, EVENTS)], endless(b".", 0.05)),
    "pauses": lambda: [(0.0, EVENTS + b"data: 1\n\n"), (60.0, b"data: 2\n\n")],
    "drips chunks": lambda: itertools.chain([(0.0, CHUNKED)], endless(b"1\r\n.\r\n", 0.05)),
    "drips the size of a chunk": lambda: itertools.chain([(0.0, CHUNKED)], endless(b"0", 0.05)),
}


def _ask(port: int, seconds: float = 0.5, **values: object) -> Answer:
    return exchange("127.0.0.1", port, "/", {}, seconds, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("behaviour", ENDLESS)
def test_headers_that_do_not_end_in_time_are_no_answer(behaviour: str) -> None:
    with serving(ENDLESS[behaviour]) as port, within(1.5), pytest.raises(socket.timeout):
        _ask(port)


def test_endless_headers_are_no_answer() -> None:
    def answer() -> Pieces:
        return itertools.chain([(0.0, OK)], endless(b"X-More: 1\r\n"))

    with serving(answer) as port, within(1.5), pytest.raises(http.client.HTTPException):
        _ask(port)


@pytest.mark.parametrize("behaviour", ENDLESS_BODIES)
def test_a_body_is_not_waited_for(behaviour: str) -> None:
    with serving(ENDLESS_BODIES[behaviour]) as port, within(0.4):
        assert _ask(port, 5.0).status == 200


@pytest.mark.parametrize("behaviour", ENDLESS_BODIES)
def test_a_search_ends_in_time(behaviour: str) -> None:
    with serving(ENDLESS_BODIES[behaviour]) as port, within(1.5):
        answer = _ask(port, text="never sent")
    assert (answer.text_found, answer.ended) == (False, "in time")


@pytest.mark.parametrize("piece", [b"data: hello\n\n", b"5\r\nhello\r\n"])
def test_a_search_in_a_stream_ends_when_the_text_is_there(piece: bytes) -> None:
    head = EVENTS if piece.startswith(b"data") else CHUNKED

    def answer() -> Pieces:
        return itertools.chain([(0.0, head)], endless(piece, 0.1))

    with serving(answer) as port, within(1.0):
        assert _ask(port, 5.0, text="hello").text_found


def test_a_text_is_found_across_pieces() -> None:
    with serving(lambda: [(0.0, OK + b"\r\n"), (0.05, b"<h1>Gr\xc3"), (0.05, b"\xb6\xc3\x9fe</h1>")]) as port:
        assert _ask(port, text="Größe").text_found


@pytest.mark.parametrize("head", [OK + b"\r\n", OK + b"Content-Length: 99999999999\r\n\r\n"])
def test_a_huge_body_is_searched_up_to_a_limit(head: bytes) -> None:
    def answer() -> Pieces:
        return itertools.chain([(0.0, head)], endless(b"x" * 65536))

    tracemalloc.start()
    with serving(answer) as port, within(5.0):
        found = _ask(port, 5.0, text="never sent", max_bytes=300_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.text_found, found.ended) == (False, "in its first 300000 bytes")
    assert most < 3_000_000


def test_an_informational_answer_is_not_the_answer() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    last = b"HTTP/1.1 204 No Content\r\nX-Release: r2\r\n\r\n"
    with serving(lambda: [(0.0, b"HTTP/1.1 100 Continue\r\n\r\n" + early), (0.05, last)]) as port:
        answer = _ask(port)
    assert (answer.status, answer.headers["X-Release"]) == (204, "r2")


def test_a_redirect_is_not_followed() -> None:
    asked = []

    def answer() -> Pieces:
        asked.append(1)
        return [(0.0, b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")]

    with serving(answer) as port:
        assert _ask(port).status == 302
    assert asked == [1]


def test_what_is_no_http_is_no_answer() -> None:
    with serving(lambda: [(0.0, b"SSH-2.0-OpenSSH_9.2p1\r\n")]) as port, pytest.raises(http.client.BadStatusLine):
        _ask(port)
