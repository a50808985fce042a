"""How much passes through the edge, and when: large headers, redirects and streams, with a real nginx and Traefik."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
import zlib
from urllib.parse import unquote

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge.confirmation import confirm
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import probe

from tests.support.echo_application import STREAMS
from tests.support.fake_host import spec
from tests.support.hostile_server import within
from tests.support.real_edge import HOST, RELEASE, Edge, arrived

LARGE = 16 * 1024


# Sizes of headers


@pytest.mark.parametrize("bytes_", [5_000, 9_000, LARGE])
def test_large_headers_of_an_answer_pass(edge: Edge, bytes_: int) -> None:
    reply = edge.ask(f"/headers?bytes={bytes_}")
    assert (reply.status, len(reply.all("x-large")[0])) == (200, bytes_)


@pytest.mark.parametrize("bytes_", [5_000, 9_000, LARGE])
def test_large_cookies_pass(edge: Edge, bytes_: int) -> None:
    found = arrived(edge.ask("/", Cookie="a=" + "x" * bytes_, Authorization="Bearer " + "y" * 2_000))
    assert len(found["cookie"][0]) == bytes_ + 2


def test_many_cookies_and_both_directions_pass(edge: Edge) -> None:
    cookie = "; ".join(f"part{number}={'x' * 4000}" for number in range(4))
    reply = edge.ask(f"/headers?bytes={LARGE}", Cookie=cookie)
    assert (reply.status, len(reply.all("x-large")[0])) == (200, LARGE)


def test_headers_without_an_end_fail_for_that_client_alone(edge: Edge) -> None:
    with edge.connected() as greedy:
        greedy.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n".encode())
        with contextlib.suppress(OSError):
            for number in range(3000):
                greedy.sendall(f"X-{number}: {'x' * 1000}\r\n".encode())
        greedy.settimeout(5)
        assert edge.ask("/").status == 200
        with contextlib.suppress(ConnectionResetError):
            assert greedy.recv(12) in (b"HTTP/1.1 400", b"HTTP/1.1 431", b"")


# Redirects


def test_a_missing_slash_is_no_redirect_to_the_inner_port(edge: Edge) -> None:
    for path, location in (("/api", "/api/"), ("/api?a=b", "/api/?a=b"), ("/quick", "/quick/")):
        reply = edge.ask(path, host=HOST)
        if edge.kind == "nginx":
            assert (reply.status, reply.all("location")) == (301, [location])
        else:
            # Traefik sends it to the route `/`.
            assert unquote(json.loads(reply.body)["path"]) == unquote(path)


@pytest.mark.parametrize("host", [HOST, f"{HOST}:8443"])
def test_a_redirect_of_the_application_names_the_outer_host(edge: Edge, host: str) -> None:
    assert edge.ask("/api/redirect", host=host).all("location") == [f"http://{host}/api/redirect/"]


def test_a_redirect_of_the_application_behind_tls_keeps_https(behind: Edge) -> None:
    reply = behind.ask("/api/redirect", X_Forwarded_Proto="https", X_Forwarded_For="198.51.100.7")
    assert reply.all("location") == [f"https://{HOST}/api/redirect/"]


# Streams


def _pieces(edge: Edge, path: str, **headers: str) -> list[tuple[float, bytes]]:
    """Return what arrives of the body and when, in seconds after the request."""
    named = {"Host": HOST, "Connection": "close", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    with edge.connected() as connection:
        started = time.monotonic()
        connection.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        pieces, head = [], b""
        while piece := connection.recv(65536):
            if b"\r\n\r\n" not in head:
                head += piece
                piece = head.partition(b"\r\n\r\n")[2]
            if piece:
                pieces.append((time.monotonic() - started, piece))
    assert head.startswith(b"HTTP/1.1 200"), head
    return pieces


@pytest.mark.parametrize("encoding", ["identity", "gzip", "gzip, deflate, br, zstd"])
@pytest.mark.parametrize("chunked", ["", "&chunked=1"])
@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_arrives_piece_by_piece(edge: Edge, path: str, chunked: str, encoding: str) -> None:
    pieces = _pieces(edge, f"/api{path}?count=3&pause=0.6{chunked}", **{"Accept-Encoding": encoding})
    times = [seconds for seconds, _ in pieces]
    assert any(times[0] + 0.2 < seconds < times[-1] - 0.2 for seconds in times), times


def test_the_first_event_can_be_read_while_it_is_compressed(edge: Edge) -> None:
    pieces = _pieces(edge, "/api/tokens?count=2&pause=1.2&chunked=1", **{"Accept-Encoding": "gzip"})
    early = b"".join(piece for seconds, piece in pieces if seconds < 1)
    # Without the sizes of chunks.
    data = b"".join(line for line in early.split(b"\r\n") if line[:2] == b"\x1f\x8b" or len(line) > 8)
    text = zlib.decompressobj(gzip.zlib.MAX_WBITS | 16).decompress(data) if data[:2] == b"\x1f\x8b" else data
    assert b"data: 0" in text


@pytest.mark.parametrize("chunked", ["", "&chunked=1"])
def test_a_stream_of_events_may_be_silent(edge: Edge, chunked: str) -> None:
    """For longer than the time that the route gives an answer, and a client its request (Traefik)."""
    pieces = _pieces(edge, f"/quick/events?count=2&pause=4{chunked}", Accept="text/event-stream")
    assert b"data: 1" in b"".join(piece for _, piece in pieces)


def test_a_websocket_may_be_silent(edge: Edge) -> None:
    with edge.connected() as connection:
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        connection.sendall(f"GET /quick/?pause=4 HTTP/1.1\r\nHost: {HOST}\r\n{upgrade}\r\n".encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.endswith(b"switched to websocket\n")


def test_a_post_may_be_answered_with_a_stream(edge: Edge) -> None:
    body = b"x" * 3000
    head = f"POST /quick/events?count=2&pause=3 HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/event-stream\r\n"
    with edge.connected() as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 200")
    assert b"data: 1" in received


def test_an_answer_that_stops_has_the_time_of_its_route(edge: Edge) -> None:
    """Unless it is a stream. In Traefik this time ends when the answer begins."""
    if edge.kind == "nginx":
        started = time.monotonic()
        received = b"".join(piece for _, piece in _pieces(edge, "/quick/tokens?count=2&pause=6"))
        assert b"data: 0" in received
        assert b"data: 1" not in received
        assert time.monotonic() - started < 5


def test_a_client_that_stops_reading_a_stream_costs_the_others_nothing(edge: Edge) -> None:
    with edge.connected() as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.sendall(f"GET /api/events?count=1000&pause=0.001 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        time.sleep(1)
        assert edge.ask("/").status == 200


# Questions of a rollout


@pytest.mark.parametrize("contains", [None, "data: 0"])
def test_a_probe_of_a_stream_that_never_ends_is_answered_at_once(edge: Edge, contains: str | None) -> None:
    expected = {"path": "/api/events?count=1000&pause=1", "status": 200, "contains": contains}
    with within(1.5):
        assert probe(edge.address, 8080, HOST, RELEASE, expected) is None


def test_a_probe_asks_for_the_domain(edge: Edge) -> None:
    failure = probe(edge.address, 8080, "", RELEASE, {"path": "/", "status": 200, "contains": None})
    assert failure == f"http://{edge.address}:8080/ answered 421, 200 expected"


def test_a_switch_is_confirmed_by_address(edge: Edge) -> None:
    services = {"edge": spec(edge=True, ports=[f"{edge.address}:8080:8080"])}
    confirm({"release": RELEASE, "services": services})


# Paths that need quoting


@pytest.mark.parametrize(
    "path",
    [
        "/gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC/x",
        "/a%20b%3Bc%20%22d%22/x",
        "/a%20b;c%20%22d%22/x",
        "/%60e%60'f/x",
        "/`e`'f/x",
    ],
)
def test_a_quoted_path_is_routed_and_arrives_unchanged(edge: Edge, path: str) -> None:
    assert unquote(json.loads(edge.ask(path).body)["path"]) == unquote(path)
