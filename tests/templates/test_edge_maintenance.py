"""What a closed edge answers, and whom it lets through: a real nginx and a real Traefik."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge.http_exchange import exchange
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import RELEASE_HEADER
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance

from tests.support.real_edge import HOST, RELEASE, Edge, arrived, running

ROUTES: list[dict[str, Any]] = [
    {"path": "/few/", "to": "app", "rate_limit": {"rate": "1/m", "burst": 1}},
    {"path": "/static/", "to": "app", "strip_prefix": True},
    {"path": "/", "to": "app"},
]
KEYS: dict[str, Any] = {"routes": ROUTES, "redirects": ["www.example.com"]}
PATHS = ["/", "/few/", "/static/a", "//", "/x/../", "/%2e/", "/healthz/", "/healthz%2fa", "/HEALTHZ", "/healthz%0a"]
WEBSOCKET = {"Upgrade": "websocket", "Connection": "upgrade"}


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def closed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge that is closed to all but a network in which nobody is."""
    maintenance = Maintenance("ada", ("192.0.2.0/24", "2001:db8::/32"), 120)
    with running(request.param, tmp_path_factory.mktemp("edge"), closed=maintenance, **KEYS) as started:
        yield started


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The same, behind a load balancer: this machine."""
    maintenance = Maintenance("ada", ("192.0.2.0/24", "2001:db8::/32"), 120)
    keys = {**KEYS, "real_ip_from": ["GATEWAY"], "memory": "1g"}
    with running(request.param, tmp_path_factory.mktemp("edge"), closed=maintenance, **keys) as started:
        yield started


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/event-stream"}, WEBSOCKET], ids=["page", "events", "socket"])
@pytest.mark.parametrize("path", PATHS)
def test_nobody_gets_through(closed: Edge, path: str, headers: dict[str, str]) -> None:
    reply = closed.send("GET", path, [("Host", HOST), ("X-Forwarded-For", "192.0.2.1"), *headers.items()])
    assert (reply.status, reply.all("retry-after"), reply.all("x-release")) == (503, ["120"], [RELEASE])


def test_whoever_asks_often_is_told_of_the_maintenance_all_the_same(closed: Edge) -> None:
    assert [closed.ask("/few/").status for _ in range(5)] == [503] * 5


def test_a_body_is_refused_like_all_else(closed: Edge) -> None:
    headers = [("Host", HOST), ("Content-Length", "1000000"), ("Connection", "close")]
    assert closed.send("POST", "/", headers).status == 503


def test_the_health_check_is_answered(closed: Edge) -> None:
    assert closed.ask("/healthz").status == 200
    assert closed.ask("/healthz", host="203.0.113.9").status == 200


def test_other_names_are_answered_as_ever(closed: Edge) -> None:
    assert closed.ask("/", host="other.example.org").status == 421
    reply = closed.ask("/a?b=c", host="www.example.com")
    assert (reply.status, reply.all("location")) == (308 if closed.kind == "nginx" else 301, [f"http://{HOST}/a?b=c"])


def test_a_person_gets_a_page_and_a_program_json(closed: Edge) -> None:
    reply = closed.ask("/", Accept="text/html")
    if closed.kind == "traefik":
        assert reply.body == b"Service Unavailable"
        return
    assert reply.all("content-type") == ["text/html; charset=utf-8"]
    assert b"<h1>Maintenance</h1>" in reply.body
    assert reply.all("x-request-id")[0].encode() in reply.body
    found = json.loads(closed.ask("/", Accept="application/json").body)
    assert (found["status"], found["title"]) == (503, "Maintenance")


def test_requests_from_inside_get_through(closed: Edge) -> None:
    """As the probes of this host."""
    answer = exchange("127.0.0.1", 8080, "/static/a", {"Host": HOST}, 10.0, '"path": "/a"', network=closed.pid)
    assert (answer.status, answer.headers[RELEASE_HEADER], answer.text_found) == (200, RELEASE, True)
    # This machine is in its own network again.
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", 8080), timeout=1):
        pass


def test_a_load_balancer_says_whose_request_it_is(behind: Edge) -> None:
    for client in ("192.0.2.7", "198.51.100.1, 192.0.2.7", "2001:db8:1::7"):
        assert behind.ask("/", X_Forwarded_For=client).status == 200
    for other in ("198.51.100.1", "192.0.2.7, 198.51.100.1", "2001:db9::7", "127.0.0.1, 198.51.100.1"):
        assert behind.ask("/", X_Forwarded_For=other).status == 503
    assert behind.ask("/").status == 503


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_over_https_it_is_closed_too(kind: str, tmp_path: Path) -> None:
    maintenance = Maintenance("ada", (), 60)
    with running(kind, tmp_path, closed=maintenance, tls={"source": "internal", "hsts": 600}) as edge:
        reply = edge.ask_securely("/")
        assert (reply.status, reply.all("retry-after")) == (503, ["60"])
        assert reply.all("strict-transport-security") == ["max-age=600"]
        assert edge.ask_securely("/healthz").status == 200
        assert edge.ask("/").status in (301, 308)
        challenge = edge.ask("/.well-known/acme-challenge/x").status
        # Nobody answers the authority now.
        assert challenge == (404 if kind == "nginx" else 502)
        answer = exchange("127.0.0.1", 8443, "/", {"Host": HOST}, 10.0, tls_name=HOST, network=edge.pid)
        assert answer.status == 200


def test_it_is_the_page_of_the_user(tmp_path: Path) -> None:
    pages = {"maintenance.html": "<p>Back at ten. {status}", "error.html": "<p>Another"}
    maintenance = Maintenance("ada", ("0.0.0.0/1",), 60)
    keys = {"routes": [{"path": "/", "to": "app", "port": 9}], "error_pages": {"directory": pages}}
    with running("nginx", tmp_path, closed=maintenance, **keys) as edge:
        assert edge.ask("/", Accept="text/html").body == b"<p>Back at ten. 503"
        # Who gets through sees other errors.
        text = '"title": "No answer"'
        answer = exchange(
            "127.0.0.1", 8080, "/", {"Host": HOST, "Accept": "application/json"}, 9, text, network=edge.pid
        )
        assert (answer.status, answer.text_found) == (502, True)


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_it_is_open_to_who_is_let_in(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path, closed=Maintenance("ada", ("0.0.0.0/0",), 60), **KEYS) as edge:
        assert edge.ask("/").status == 200
        assert arrived(edge.ask("/static/a"))


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_on_a_drained_host_only_the_health_check_fails(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path, is_drained=True, **KEYS) as edge:
        health = edge.ask("/healthz")
        assert (health.status, health.all("x-release")) == (503, [RELEASE])
        assert edge.ask("/healthz", host="203.0.113.9").status == 503
        assert arrived(edge.ask("/static/a"))
