"""What passes through the edge and what does not: a real nginx and a real Traefik in front of an application."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.headers import CLAIMS, NEVER

from tests.support.echo_application import STREAMS
from tests.support.real_edge import RELEASE, ROUTES, Edge, Reply, running

KINDS = ["nginx", "traefik"]
HOST = "shop.example.com"
#: More routes than the common ones, for paths that need quoting and for silence.
MORE = [
    {"path": "/quick/", "to": "app", "timeout": "2s"},
    {"path": "/größe/日本/", "to": "app"},
    {"path": '/a b;c "d"/', "to": "app"},
    {"path": "/`e`'f/", "to": "app"},
]
LARGE = 16 * 1024


@pytest.fixture(scope="module", params=KINDS)
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge that trusts nobody."""
    keys: dict[str, Any] = {"routes": [*ROUTES, *MORE], "domains": ["www.example.org", "*.shops.example.com"]}
    if request.param == "traefik":
        keys["request_timeout"] = "3s"
    with running(request.param, tmp_path_factory.mktemp("edge"), **keys) as started:
        yield started


@pytest.fixture(scope="module", params=KINDS)
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge that takes this machine for its load balancer."""
    with running(request.param, tmp_path_factory.mktemp("edge"), real_ip_from=["GATEWAY"]) as started:
        yield started


@pytest.fixture(scope="module", params=KINDS)
def nameless(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge of a stack without a domain."""
    with running(request.param, tmp_path_factory.mktemp("edge"), domain="") as started:
        yield started


def _arrived(reply: Reply) -> dict[str, list[str]]:
    """Return the headers that the application got, by name."""
    assert reply.status == 200, reply
    result: dict[str, list[str]] = {}
    for name, value in json.loads(reply.body)["headers"]:
        result.setdefault(name, []).append(value)
    return result


# Host names


@pytest.mark.parametrize(
    "host",
    [
        HOST,
        f"{HOST}:8443",
        "SHOP.Example.COM",
        f"{HOST}.",
        "www.example.org",
        "a.shops.example.com",
        "a.b.shops.example.com",
    ],
)
def test_the_names_of_the_stack_are_answered(edge: Edge, host: str) -> None:
    assert edge.ask("/api/", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "example.com", f"x{HOST}", f"{HOST}.evil.example", "localhost", "127.0.0.1", "_", "*"),
        *("shops.example.com", "xshops.example.com", f"evil.example:80@{HOST}", "", "[::1]:8080"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/", "/healthz/../api/"])
def test_another_name_is_not_answered(edge: Edge, host: str, path: str) -> None:
    # What is no name at all is a malformed request.
    malformed = host in ("", "*", f"evil.example:80@{HOST}")
    assert edge.send("GET", path, [("Host", host)]).status in ([400, 421] if malformed else [421])


def test_the_address_of_the_server_is_no_name(edge: Edge) -> None:
    assert edge.ask("/", host=f"{edge.address}:8080").status == 421


@pytest.mark.parametrize("host", [HOST, "evil.example", "10.0.0.1:8080", None])
def test_the_health_of_the_edge_is_answered_to_any_name(edge: Edge, host: str | None) -> None:
    reply = edge.send("GET", "/healthz", [("Host", host)] if host else [], "HTTP/1.1" if host else "HTTP/1.0")
    assert (reply.status, reply.all("x-release")) == (200, [RELEASE])


def test_an_old_client_that_names_nobody_is_not_answered(edge: Edge) -> None:
    assert edge.send("GET", "/", [], "HTTP/1.0").status == 421
    assert edge.send("GET", "/", [], "HTTP/1.1").status == 400


def test_two_names_are_no_name(edge: Edge) -> None:
    assert edge.send("GET", "/", [("Host", HOST), ("Host", "evil.example")]).status == 400


def test_a_name_in_the_request_line_wins(edge: Edge) -> None:
    """RFC 9112, section 3.2.2: the application must not see another one."""
    found = _arrived(edge.send("GET", f"http://{HOST}/api/", [("Host", "evil.example")]))
    assert (found["host"], found["x-forwarded-host"]) == ([HOST], [HOST])
    assert edge.send("GET", "http://evil.example/api/", [("Host", HOST)]).status == 421


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:8080", "localhost"])
def test_without_a_domain_any_name_is_answered(nameless: Edge, host: str) -> None:
    found = _arrived(nameless.ask("/", host=host))
    assert (found["host"], found["x-forwarded-host"]) == ([host], [host])
    assert nameless.send("GET", "/", [], "HTTP/1.0").status == 200


def test_the_port_that_the_client_used_is_passed_on(edge: Edge) -> None:
    for host, port in ((HOST, "80"), (f"{HOST}:8443", "8443")):
        found = _arrived(edge.ask("/", host=host))
        assert (found["host"], found["x-forwarded-host"], found["x-forwarded-port"]) == ([host], [host], [port])


# Headers


def test_what_a_client_claims_does_not_arrive(edge: Edge) -> None:
    own = [*CLAIMS, *NEVER]
    set_by_edge = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-IP"]
    variants = [name.replace("-", mark) for name in [*own, *set_by_edge] for mark in ("_", ".")]
    claimed = [(name, "forged") for name in [*own, *set_by_edge, *variants, *(name.upper() for name in own)]]
    for start in range(0, len(claimed), 60):
        found = _arrived(edge.send("GET", "/", [("Host", HOST), *claimed[start : start + 60]]))
        assert [name for name, values in found.items() if any("forged" in value for value in values)] == []
        assert found["x-forwarded-for"] == found["x-real-ip"] == [edge.gateway]
        assert found["x-forwarded-proto"] == ["http"]


def test_a_connection_header_does_not_remove_what_the_edge_says(edge: Edge) -> None:
    named = "close, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Forwarded-Host"
    found = _arrived(edge.send("GET", "/", [("Host", HOST), ("Connection", named)]))
    assert found["x-forwarded-for"] == found["x-real-ip"] == [edge.gateway]
    assert (found["x-forwarded-proto"], found["x-forwarded-host"]) == (["http"], [HOST])


def test_other_headers_arrive(edge: Edge) -> None:
    found = _arrived(
        edge.ask("/", Authorization="Bearer x", X_Api_Key="y", X_CSRF_Token="z", X_HTTP_Method_Override="PUT")
    )
    assert [found[name] for name in ("authorization", "x-api-key", "x-csrf-token", "x-http-method-override")] == [
        ["Bearer x"],
        ["y"],
        ["z"],
        ["PUT"],
    ]


def test_a_load_balancer_is_believed(behind: Edge) -> None:
    said = [(name, "said") for name in CLAIMS]
    for start in range(0, len(said), 60):
        part = said[start : start + 60]
        found = _arrived(behind.send("GET", "/", [("Host", HOST), *part]))
        # Traefik writes its own name into X-Forwarded-Server.
        assert {name for name, _ in part if found.get(name.lower()) != ["said"]} <= {"X-Forwarded-Server"}
    named = {
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": f"{HOST}:444",
        "X-Forwarded-Port": "444",
    }
    found = _arrived(behind.send("GET", "/", [("Host", HOST), *named.items()]))
    assert found["x-forwarded-for"][0].startswith("198.51.100.7")
    assert {name: found[name.lower()] for name in list(named)[1:]} == {n: [v] for n, v in list(named.items())[1:]}


def test_even_a_load_balancer_does_not_say_everything(behind: Edge) -> None:
    found = _arrived(behind.send("GET", "/", [("Host", HOST), *((name, "said") for name in NEVER)]))
    assert not {name.lower() for name in NEVER} & set(found)


def test_the_default_port_follows_from_the_scheme(behind: Edge) -> None:
    found = _arrived(behind.ask("/", X_Forwarded_Proto="https"))
    assert (found["x-forwarded-proto"], found["x-forwarded-port"]) == (["https"], ["443"])


def test_the_applications_own_headers_win(edge: Edge) -> None:
    own = (
        "X-Frame-Options=DENY&Referrer-Policy=no-referrer&X-Content-Type-Options=nosniff&X-Request-Id=mine&X-Release=9"
    )
    reply = edge.ask(f"/answer?{own}")
    assert reply.all("x-frame-options") == ["DENY"]
    assert reply.all("referrer-policy") == ["no-referrer"]
    assert reply.all("x-content-type-options") == ["nosniff"]
    assert reply.all("x-request-id") == ["mine"]
    # This one proves which release answered.
    assert reply.all("x-release") == [RELEASE]


def test_an_answer_without_headers_of_its_own_gets_the_defaults(edge: Edge) -> None:
    reply = edge.ask("/answer")
    assert reply.all("x-content-type-options") == ["nosniff"]
    # Traefik cannot leave these to an application that has them, so it never sends them.
    nginx = edge.kind == "nginx"
    assert reply.all("x-frame-options") == (["SAMEORIGIN"] if nginx else [])
    assert reply.all("referrer-policy") == (["strict-origin-when-cross-origin"] if nginx else [])
    assert len(reply.all("x-request-id")) == (1 if nginx else 0)


# Upgrades


def _upgraded(edge: Edge, *values: str) -> int:
    headers = [("Host", HOST), *(("Upgrade", value) for value in values), ("Connection", "Upgrade, HTTP2-Settings")]
    return edge.send("GET", "/", [*headers, ("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA")]).status


@pytest.mark.parametrize("value", ["websocket", "WebSocket"])
def test_a_websocket_is_an_upgrade(edge: Edge, value: str) -> None:
    assert _upgraded(edge, value) == 101


@pytest.mark.parametrize(
    "values",
    [
        *(["h2c"], ["H2C"], ["h2c, websocket"], ["websocket, h2c"], ["h2c", "websocket"], ["websocket", "h2c"]),
        *(["TLS/1.0"], ["websocket/13"], ["anything"]),
    ],
)
def test_no_other_protocol_is_an_upgrade(edge: Edge, values: list[str]) -> None:
    """It is an ordinary request: `curl --http2` and Java's client send `Upgrade: h2c` with every one."""
    headers = [("Host", HOST), *(("Upgrade", value) for value in values), ("Connection", "Upgrade, HTTP2-Settings")]
    reply = edge.send("GET", "/", [*headers, ("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA")])
    if edge.kind == "traefik" and values == ["websocket", "h2c"]:
        # Of two headers Traefik passes on the first.
        assert (reply.status, reply.all("upgrade")) == (101, ["websocket"])
    else:
        assert not {"upgrade", "http2-settings"} & set(_arrived(reply))


# Sizes of headers


@pytest.mark.parametrize("bytes_", [5_000, 9_000, LARGE])
def test_large_headers_of_an_answer_pass(edge: Edge, bytes_: int) -> None:
    reply = edge.ask(f"/headers?bytes={bytes_}")
    assert (reply.status, len(reply.all("x-large")[0])) == (200, bytes_)


@pytest.mark.parametrize("bytes_", [5_000, 9_000, LARGE])
def test_large_cookies_pass(edge: Edge, bytes_: int) -> None:
    found = _arrived(edge.ask("/", Cookie="a=" + "x" * bytes_, Authorization="Bearer " + "y" * 2_000))
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
    assert times[0] < 0.5
    assert any(0.5 < seconds < 1.1 for seconds in times), times
    assert times[-1] >= 1.1


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


def test_a_post_may_be_answered_with_a_stream(edge: Edge) -> None:
    reply = edge.send(
        "POST",
        "/quick/events?count=2&pause=3",
        [("Host", HOST), ("Accept", "text/event-stream"), ("Content-Length", "0")],
    )
    assert b"data: 1" in reply.body


def test_an_answer_that_does_not_come_has_the_time_of_its_route(edge: Edge) -> None:
    """`timeout` still counts for everything else."""
    started = time.monotonic()
    if edge.kind == "nginx":
        with pytest.raises(AssertionError):
            assert b"data: 1" in b"".join(piece for _, piece in _pieces(edge, "/quick/tokens?count=2&pause=6"))
        assert time.monotonic() - started < 5


def test_a_client_that_stops_reading_a_stream_costs_the_others_nothing(edge: Edge) -> None:
    with edge.connected() as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.sendall(f"GET /api/events?count=1000&pause=0.001 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        time.sleep(1)
        assert edge.ask("/").status == 200


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
