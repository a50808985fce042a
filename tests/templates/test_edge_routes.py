"""What a route of the edge decides itself: a real nginx and a real Traefik in front of an application."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.real_edge import HOST, RELEASE, Edge, Reply, running

ROUTES: list[dict[str, Any]] = [
    {
        "path": "/own/",
        "to": "app",
        "max_body": "0b",
        "headers": {"x-frame-options": "", "X-Robots-Tag": 'noindex, "all"; {{ x }}'},
    },
    {"path": "/few/", "to": "app", "rate_limit": {"rate": "6/m", "burst": 3}},
    {"path": "/small/", "to": "app", "max_body": "1000b"},
    {"path": "/quick/", "to": "app", "timeout": "1s"},
    {"path": "/", "to": "app"},
]
EDGE: dict[str, Any] = {
    "max_body": "2000b",
    "timeout": "10s",
    "headers": {"X-Team": "shop"},
    "content_security_policy": {"img-src": "'self' https://images.example.com"},
}
POLICY = "base-uri 'self'; object-src 'none'; img-src 'self' https://images.example.com"


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with routes that differ."""
    with running(request.param, tmp_path_factory.mktemp("edge"), routes=ROUTES, **EDGE) as started:
        yield started


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The same, but it takes this machine for its load balancer."""
    keys = {**EDGE, "routes": ROUTES, "real_ip_from": ["GATEWAY"]}
    with running(request.param, tmp_path_factory.mktemp("edge"), **keys) as started:
        yield started


# Headers of answers


def test_answers_get_the_headers_of_the_edge_and_of_their_route(edge: Edge) -> None:
    common, own = edge.ask("/answer"), edge.ask("/own/answer")
    for reply in (common, own):
        assert reply.all("x-team") == ["shop"]
        assert reply.all("content-security-policy") == [POLICY]
        assert reply.all("x-content-type-options") == ["nosniff"]
    assert own.all("x-robots-tag") == ['noindex, "all"; {{ x }}']
    assert own.all("x-frame-options") == common.all("x-robots-tag") == []
    if edge.kind == "nginx":
        assert common.all("x-frame-options") == ["SAMEORIGIN"]
        assert common.all("permissions-policy") == ["bluetooth=(), hid=(), serial=(), usb=()"]


@pytest.mark.parametrize("path", ["/answer", "/own/answer"])
def test_a_header_of_the_application_is_there_once(edge: Edge, path: str) -> None:
    """Its own with nginx. Traefik replaces it."""
    said = {"X-Team": "mine", "Content-Security-Policy": "default-src 'none'", "Permissions-Policy": "usb=(self)"}
    reply = edge.ask(f"{path}?{'&'.join(f'{name}={value}' for name, value in said.items()).replace(' ', '%20')}")
    found = {name: reply.all(name.lower()) for name in said}
    if edge.kind == "nginx":
        assert found == {name: [value] for name, value in said.items()}
    else:
        assert found == {"X-Team": ["shop"], "Content-Security-Policy": [POLICY], "Permissions-Policy": ["usb=(self)"]}


# Limits


def _until_refused(edge: Edge, path: str, **headers: str) -> tuple[int, Reply]:
    """Ask until the answer is 429, and return how many were answered before, and that answer."""
    for count in range(50):
        reply = edge.ask(path, **headers)
        if reply.status == 429:
            return count, reply
        assert reply.status == 200, reply
    return pytest.fail("50 requests were answered")


def test_a_client_that_asks_too_often_is_told_when_to_come_back(edge: Edge) -> None:
    """The route allows 6 requests a minute, and 3 more at once."""
    count, reply = _until_refused(edge, "/few/")
    assert count == 4
    (seconds,) = reply.all("retry-after")
    assert 1 <= int(seconds) <= 10
    assert (reply.all("x-release"), reply.all("x-team")) == ([RELEASE], ["shop"])
    # Neither another method nor another protocol counts anew, and other routes are not concerned.
    assert edge.ask("/few/", method="POST", Transfer_Encoding="chunked").status == 429
    assert edge.ask("/few/", Upgrade="websocket", Connection="upgrade").status == 429
    assert edge.ask("/few/", Accept="text/event-stream").status == 429
    assert edge.ask("/").status == 200


def test_the_refusal_of_an_application_stays_its_own(edge: Edge) -> None:
    reply = edge.ask("/status?code=429&Retry-After=77")
    assert (reply.status, reply.all("retry-after"), reply.body) == (429, ["77"], b"{}")
    assert edge.ask("/status?code=429").all("retry-after") == []


def test_behind_a_load_balancer_each_client_is_counted(behind: Edge) -> None:
    assert _until_refused(behind, "/few/", X_Forwarded_For="198.51.100.7")[0] == 4
    assert _until_refused(behind, "/few/", X_Forwarded_For="198.51.100.8")[0] == 4


def test_a_network_of_ipv6_is_one_client(behind: Edge) -> None:
    assert _until_refused(behind, "/few/", X_Forwarded_For="2001:db8::1")[0] == 4
    # Behind a load balancer Traefik counts each address.
    same = behind.ask("/few/", X_Forwarded_For="2001:db8::ffff:2").status
    assert same == (429 if behind.kind == "nginx" else 200)
    assert behind.ask("/few/", X_Forwarded_For="2001:db8:0:1::1").status == 200


@pytest.mark.parametrize(("path", "largest"), [("/small/", 1000), ("/", 2000), ("/own/", None)])
def test_a_body_may_be_as_large_as_its_route_says(edge: Edge, path: str, largest: int | None) -> None:
    sizes = [900, 1500, 3000]
    expected = [200 if largest is None or size <= largest else 413 for size in sizes]
    assert [_post(edge, path, size, chunked=False) for size in sizes] == expected
    assert [_post(edge, path, size, chunked=True) for size in sizes] == expected


def _post(edge: Edge, path: str, size: int, chunked: bool) -> int:
    """Return the status of the answer to a body of this size."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size) if chunked else b"x" * size
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{length}\r\nConnection: close\r\n\r\n"
    with edge.connected() as connection:
        connection.sendall(head.encode() + body)
        return int(connection.makefile("rb").readline().split()[1])


def test_a_service_that_says_nothing_has_the_time_of_its_route(edge: Edge) -> None:
    started = time.monotonic()
    assert edge.ask("/quick/slow?pause=5").status == 504
    assert time.monotonic() - started < 4
    assert edge.ask("/slow?pause=2").status == 200
