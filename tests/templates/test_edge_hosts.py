"""Routes for some of the edge's host names, with a real nginx and a real Traefik: which one answers which request."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge as edge_

from tests.support.descriptions import example, model
from tests.support.real_edge import HOST, RELEASE, Edge, arrived, running

API, ADMIN, TENANT = "api.example.com", "admin.tenants.example.com", "one.tenants.example.com"
#: Each route has a port of its own, which the application tells.
ROUTES: list[dict[str, Any]] = [
    {"path": "/", "to": "app", "port": 8000},
    {"path": "/media/", "to": "app", "port": 8001},
    {"path": "/", "to": "app", "port": 8002, "host": API, "rate_limit": "6000/m"},
    {"path": "/v2/", "to": "app", "port": 8003, "host": [API, "*.tenants.example.com"], "strip_prefix": True},
    {"path": "/media/", "to": "app", "port": 8004, "host": "*.tenants.example.com", "headers": {"X-Tenant": "yes"}},
    {"path": "/", "to": "app", "port": 8005, "host": ADMIN, "allow": ["203.0.113.9"]},
    {"path": "/own/", "to": "app", "port": 8006, "host": ADMIN},
]
KEYS: dict[str, Any] = {
    "routes": ROUTES,
    "domains": [API, "*.tenants.example.com"],
    "redirects": ["www.example.com"],
}
ANSWERS = [
    (HOST, "/", 8000),
    (HOST, "/media/a", 8001),
    # No route of this host.
    (HOST, "/v2/a", 8000),
    # A route with the host of the request before a longer path without one.
    (API, "/", 8002),
    (API, "/media/a", 8002),
    (API, "/v2/a", 8003),
    (API.upper(), "/v2/a", 8003),
    (f"{API}.:8443", "/v2/a", 8003),
    # What no route of the host has is answered by those without one.
    (TENANT, "/", 8000),
    (TENANT, "/media/a", 8004),
    (TENANT, "/v2/a", 8003),
    (f"a.{ADMIN}", "/v2/a", 8003),
    # An exact name before a wildcard.
    (ADMIN, "/own/a", 8006),
]


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(request.param, tmp_path_factory.mktemp("edge"), **KEYS) as found:
        yield found


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def secure(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(request.param, tmp_path_factory.mktemp("edge"), tls={"source": "acme"}, **KEYS) as found:
        yield found


@pytest.mark.parametrize(("host", "path", "port"), ANSWERS)
def test_the_route_with_the_better_host_answers(edge: Edge, host: str, path: str, port: int) -> None:
    reply = edge.ask(path, host=host)
    assert reply.status == 200, reply
    assert (json.loads(reply.body)["port"], reply.all("x-release")) == (port, [RELEASE])


@pytest.mark.parametrize(("host", "path", "port"), ANSWERS)
def test_so_it_does_over_https_with_any_name_of_the_certificate(secure: Edge, host: str, path: str, port: int) -> None:
    # A wildcard in a certificate is one label.
    own = [host.partition(":")[0].rstrip(".")] if not host.startswith("a.") else []
    for name in (HOST, *own, API):
        reply = secure.ask_securely(path, host=host, name=name)
        assert (reply.status, json.loads(reply.body)["port"]) == (200, port)
        assert len(reply.all("strict-transport-security")) == 1


def test_one_connection_of_http2_may_ask_for_all_names(secure: Edge) -> None:
    """A browser does that if a certificate has both names, and both lead to one address."""
    asked = ["--resolve", f"{HOST}:8443:{secure.address}", "--silent", "--insecure", "--http2"]
    words = ["--write-out", " %{http_version} %{num_connects}\\n", f"https://{HOST}:8443/v2/a"]
    requests = [[*asked, "--header", f"Host: {host}", *words] for host in (HOST, API, TENANT, "other.example.com")]
    arguments = [word for request in requests for word in ["--next", *request]][1:]
    done = subprocess.run(["curl", *arguments], capture_output=True, text=True, check=True)
    *lines, last = done.stdout.splitlines()
    found = [line.rpartition("}")[0] + "}" for line in lines[:3]]
    assert [json.loads(line)["port"] for line in found] == [8000, 8003, 8003]
    assert [line.split()[-2:] for line in lines[:3]] == [["2", "1"], ["2", "0"], ["2", "0"]]
    # Refused on the same connection: the client asks on another one.
    assert last.endswith(" 2 0")
    assert '"port"' not in last


def test_the_guards_of_a_host_are_its_own(edge: Edge) -> None:
    assert edge.ask("/", host=ADMIN).status == 403
    assert edge.ask("/media/a", host=ADMIN).status == 403
    assert edge.ask("/v2/", host=ADMIN).status == 403
    assert edge.ask("/", host=HOST).status == 200


def test_each_host_has_what_all_have(edge: Edge) -> None:
    reply = edge.ask("/media/a?b=c", host=TENANT, X_Forwarded_User="root")
    assert "x-forwarded-user" not in arrived(reply)
    assert (arrived(reply)["host"], reply.all("x-tenant")) == ([TENANT], ["yes"])
    assert reply.all("x-content-type-options") == ["nosniff"]
    assert arrived(edge.ask("/v2/a", host=API))["x-forwarded-prefix"] == ["/v2"]
    assert edge.ask("/media/a", host=HOST).all("x-tenant") == []
    for name in (HOST, API, TENANT, "203.0.113.5"):
        assert edge.ask("/healthz", host=name).status == 200
    for name in ("other.example.com", "tenants.example.com", f"{API}.evil.test"):
        assert edge.ask("/", host=name).status == 421
    (location,) = edge.ask("/a", host="www.example.com").all("location")
    assert location == f"http://{HOST}/a"
    # Streams have a location of their own in nginx, and websockets a router in Traefik.
    streamed = edge.ask("/v2/events?pause=0&count=1", host=API, Accept="text/event-stream")
    assert streamed.body == b"data: 0\n\n"
    upgraded = edge.ask("/v2/", host=API, Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Key="a")
    assert upgraded.status == 101


def test_each_name_leads_to_https_and_is_proven_over_http(secure: Edge) -> None:
    for name in (HOST, API, TENANT):
        assert secure.ask("/a", host=name).all("location") == [f"https://{name}/a"]
        status = secure.ask("/.well-known/acme-challenge/none", host=name).status
        assert status == (404 if secure.kind == "nginx" else 502)


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_the_domain_itself_may_have_routes_of_its_own(kind: str, tmp_path: Path) -> None:
    routes = [
        {"path": "/", "to": "app", "port": 8000, "host": HOST},
        {"path": "/api/", "to": "app", "port": 8001},
        {"path": "/", "to": "app", "port": 8002, "host": API},
    ]
    with running(kind, tmp_path, routes=routes, domains=[API, "b.example.com"]) as edge:
        assert [json.loads(edge.ask("/", host=host).body)["port"] for host in (HOST, API)] == [8000, 8002]
        assert json.loads(edge.ask("/api/", host="b.example.com").body)["port"] == 8001
        assert edge.ask("/", host="b.example.com").status == 404


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_the_domain_may_be_below_a_wildcard_with_routes_of_its_own(kind: str, tmp_path: Path) -> None:
    routes = [{"path": "/", "to": "app", "port": 8000, "host": HOST}]
    routes += [{"path": "/", "to": "app", "port": 8001, "host": "*.example.com"}]
    with running(kind, tmp_path, routes=routes, domains=["*.example.com"]) as edge:
        assert [json.loads(edge.ask("/", host=host).body)["port"] for host in (HOST, API)] == [8000, 8001]


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_long_names_fit(kind: str, tmp_path: Path) -> None:
    name = ".".join(["a" * 60] * 4)
    routes = [{"path": "/", "to": "app", "port": 8000}, {"path": "/", "to": "app", "port": 8001, "host": name}]
    with running(kind, tmp_path, routes=routes, domains=[name, f"*.{'b' * 60}.{'c' * 60}.test"]) as edge:
        assert [json.loads(edge.ask("/", host=host).body)["port"] for host in (HOST, name)] == [8000, 8001]


def test_all_host_names_have_the_same_counters() -> None:
    routes = [
        {"path": "/", "to": "frontend", "rate_limit": "1/s"},
        {"path": "/api/", "to": "backend", "host": "api.example.com", "rate_limit": "2/s"},
    ]
    text = edge_.files(model(example(edge={"routes": routes, "domains": [API], "tls": {"source": "acme"}})))[
        "nginx.conf"
    ]
    assert re.findall("server_name (.*);", text) == ["_", 'localhost "shop.example.com"', '"api.example.com"']
    assert re.findall("limit_req_zone .* zone=(.*):", text) == ["slipway_route_1", "slipway_route_2"]
    # Requests, uploads and streams; for the page also kept files, and both in two servers.
    assert len(re.findall("limit_req zone=slipway_route_1 ", text)) == 3
    assert len(re.findall("limit_req zone=slipway_route_2 ", text)) == 2 * 4
    # Requests of one connection may go to two servers.
    assert "limit_conn_zone $slipway_counted_server zone=slipway_requests:32k;" in text
