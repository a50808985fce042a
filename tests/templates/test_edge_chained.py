"""What passes through an edge and an inner edge behind it, with a real nginx and a real Traefik."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import chained_edges
from tests.support.chained_edges import EDGE, Chain
from tests.support.real_edge import HOST, RELEASE, arrived, user

PASSWORD = secrets.token_hex()
ROUTES = [
    {"path": "/own/", "to": "app", "strip_prefix": True},
    {"path": "/admin/", "to": "app", "basic_auth": "admins"},
    {"path": "/small/", "to": "app", "max_body": "1k"},
    {"path": "/", "to": "app"},
]


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder: Path = tmp_path_factory.mktemp("chain")
    for host in ("edge1", "app1"):
        (folder / host).mkdir()
    folder.chmod(0o755)
    admins = {"admins": f"{user('ada', PASSWORD)}\n"}
    with chained_edges.running(request.param, folder, admins, routes=ROUTES) as found:
        yield found


def test_the_application_gets_the_client_and_not_its_claims(chain: Chain) -> None:
    found = arrived(chain.edge.ask("/x", X_Forwarded_For="9.9.9.9", X_Forwarded_Proto="https", X_Real_Ip="9.9.9.9"))
    assert found["host"] == [HOST]
    assert found["x-forwarded-for"][0].split(", ")[0] == chain.edge.gateway
    assert found["x-forwarded-proto"] == ["http"]
    assert "9.9.9.9" not in str(found)


def test_the_id_of_a_request_is_the_same_everywhere(chain: Chain) -> None:
    reply = chain.edge.ask("/x")
    found = arrived(reply)
    if chain.edge.kind == "nginx":
        assert reply.all("x-request-id") == found["x-request-id"]
        assert all(found["x-request-id"][0] in one.log() for one in (chain.edge, chain.inner))
    else:
        trace = found["traceparent"][0].split("-")[1]
        assert all(trace in one.log() for one in (chain.edge, chain.inner))


def test_an_answer_has_each_header_once(chain: Chain) -> None:
    reply = chain.edge.ask("/x")
    names = [name for name, _value in reply.headers]
    assert sorted(set(names)) == sorted(names)
    assert reply.all("x-release") == [RELEASE]
    assert reply.all("x-content-type-options") == ["nosniff"]


def test_a_prefix_is_removed_once(chain: Chain) -> None:
    reply = chain.edge.ask("/own/a/b?c=d")
    found = arrived(reply)
    assert found["x-forwarded-prefix"] == ["/own"]
    assert b'"path": "/a/b?c=d"' in reply.body


def test_a_password_is_asked_for_once_and_goes_no_further(chain: Chain) -> None:
    assert chain.edge.ask("/admin/x").status == 401
    given = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    assert "authorization" not in arrived(chain.edge.ask("/admin/x", Authorization=f"Basic {given}"))
    # Elsewhere it is the application's.
    assert arrived(chain.edge.ask("/x", Authorization="Bearer a"))["authorization"] == ["Bearer a"]


def test_the_limit_of_a_body_is_that_of_the_edge(chain: Chain) -> None:
    assert chain.edge.ask("/small/answer", "POST", Content_Length="2000").status == 413
    with chain.edge.connected() as connection:
        body = b"x" * 3_000_000
        head = f"POST /answer HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_events_come_one_by_one(chain: Chain) -> None:
    with chain.edge.connected() as connection:
        head = f"GET /events?pause=0.5&count=3 HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/event-stream\r\n\r\n"
        connection.sendall(head.encode())
        times = {}
        text = b""
        while b"data: 2" not in text:
            text += connection.recv(4096)
            for number in range(3):
                if f"data: {number}".encode() in text:
                    times.setdefault(number, time.monotonic())
    assert times[1] - times[0] > 0.3
    assert times[2] - times[1] > 0.3


def test_a_websocket_is_opened(chain: Chain) -> None:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Key": key, "Sec_WebSocket_Version": "13"}
    assert chain.edge.ask("/ws", **upgrade).status == 101
    # Nothing else is.
    assert chain.edge.ask("/ws", Upgrade="h2c", Connection="Upgrade").status == 200


def test_nobody_but_the_edge_may_ask_the_inner_one(chain: Chain) -> None:
    assert chain.inner.ask("/x").status in (403, 404)
    assert chain.inner.ask("/x", X_Forwarded_For=EDGE, X_Real_Ip=EDGE).status in (403, 404)
    assert chain.inner.ask("/healthz").status == 200


def test_another_host_name_is_nobody_s(chain: Chain) -> None:
    # It is nobody's host name behind the edge either.
    assert chain.edge.ask("/x", host="other.example.com").status == 421
