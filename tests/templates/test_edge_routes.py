"""What a route of the edge decides itself: a real nginx and a real Traefik in front of an application."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.descriptions import parcel, plain
from tests.support.real_edge import HOST, RELEASE, Edge, Reply, arrived, running, user

ROUTES: list[dict[str, Any]] = [
    {
        "path": "/own/",
        "to": "app",
        "max_body": "0b",
        "headers": {"x-frame-options": "", "X-Robots-Tag": 'noindex, "all"; {{ x }}'},
    },
    {"path": "/few/", "to": "app", "rate_limit": {"rate": "6/m", "burst": 3}},
    {"path": "/small/", "to": "app", "max_body": "1000b"},
    {"path": "/office/", "to": "app", "allow": ["198.51.100.0/24", "2001:db8::/32"]},
    {"path": "/here/", "to": "app", "allow": ["0.0.0.0/0"]},
    {"path": "/admin/", "to": "app", "basic_auth": "admins"},
    {"path": "/admin/few/", "to": "app", "basic_auth": "admins", "rate_limit": {"rate": "1/m", "burst": 1}},
    {"path": "/cut/", "to": "app", "strip_prefix": True},
    {"path": "/cut it.a", "to": "app", "strip_prefix": True},
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
PASSWORD = secrets.token_urlsafe(12)


@pytest.fixture(scope="module")
def admins() -> dict[str, str]:
    """The secret `admins`."""
    return {"admins": f"# who may\n{user('ada', PASSWORD)}\n"}


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def edge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, admins: dict[str, str]
) -> Iterator[Edge]:
    """An edge with routes that differ."""
    with running(request.param, tmp_path_factory.mktemp("edge"), routes=ROUTES, secrets=admins, **EDGE) as started:
        yield started


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, admins: dict[str, str]
) -> Iterator[Edge]:
    """The same, but it takes this machine for its load balancer."""
    # Traefik counts the clients of a load balancer apart, which takes memory.
    keys = {**EDGE, "routes": ROUTES, "real_ip_from": ["GATEWAY"], "secrets": admins, "memory": "1g"}
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
        assert common.all("permissions-policy") == ["hid=(), serial=(), usb=()"]


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


# Paths


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("/cut/", "/"),
        ("/cut/a/b", "/a/b"),
        ("/cut/a?b=/cut/", "/a?b=/cut/"),
        ("/cut/cut/a", "/cut/a"),
        ("/cut/a%20b%3Fc%25", "/a%20b%3Fc%25"),
        ("/cut/gr%C3%B6%C3%9Fe%0A/x", "/gr%C3%B6%C3%9Fe%0A/x"),
        ("/cut%20it.a", "/"),
        ("/cut%20it.a/a", "/a"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Accept": "text/event-stream"}, {"Content_Length": "0"}])
def test_a_service_may_get_the_path_without_the_prefix(
    edge: Edge, asked: str, got: str, headers: dict[str, str]
) -> None:
    reply = edge.ask(asked, method="POST" if "Content_Length" in headers else "GET", **headers)
    assert json.loads(reply.body)["path"] == got
    assert arrived(reply)["x-forwarded-prefix"] == ["/cut it.a" if asked.startswith("/cut%20") else "/cut"]


def test_the_prefix_is_no_claim_of_a_client(edge: Edge, behind: Edge) -> None:
    for asked in (edge, behind):
        assert arrived(asked.ask("/cut/", X_Forwarded_Prefix="/forged"))["x-forwarded-prefix"] == ["/cut"]
    assert "x-forwarded-prefix" not in arrived(edge.ask("/", X_Forwarded_Prefix="/forged"))
    assert arrived(behind.ask("/", X_Forwarded_Prefix="/outer"))["x-forwarded-prefix"] == ["/outer"]


# Who may ask


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8::1"])
def test_only_the_networks_of_a_route_may_ask(behind: Edge, address: str) -> None:
    assert behind.ask("/office/", X_Forwarded_For=address).status == 200
    assert behind.ask("/office/", X_Forwarded_For="203.0.113.1").status == 403
    assert behind.ask("/", X_Forwarded_For="203.0.113.1").status == 200


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/event-stream"}, {"Upgrade": "websocket"}])
def test_what_a_client_says_of_its_address_does_not_count(edge: Edge, headers: dict[str, str]) -> None:
    for claim in ({}, {"X_Forwarded_For": "198.51.100.7"}, {"X_Real_Ip": "198.51.100.7"}):
        reply = edge.ask("/office/", **headers, **claim)
        assert (reply.status, reply.all("x-team")) == (403, ["shop"])
    assert edge.ask("/office/", method="POST", Transfer_Encoding="chunked").status == 403
    assert edge.ask("/here/").status == 200


def _login(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_password_lets_in_and_does_not_reach_the_application(edge: Edge) -> None:
    refused = edge.ask("/admin/")
    assert (refused.status, refused.all("www-authenticate"), refused.all("x-team")) == (
        401,
        ['Basic realm="shop"'],
        ["shop"],
    )
    assert "authorization" not in arrived(edge.ask("/admin/", Authorization=_login("ada", PASSWORD)))
    assert arrived(edge.ask("/", Authorization="Bearer x"))["authorization"] == ["Bearer x"]


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/event-stream"}, {"Upgrade": "websocket"}])
@pytest.mark.parametrize("path", ["/admin/", "/admin/a", "//admin/", "/%61dmin/", "/x/../admin/"])
def test_nobody_else_gets_in(edge: Edge, path: str, headers: dict[str, str]) -> None:
    assert edge.send("GET", path, [("Host", HOST), *headers.items()]).status in (401, 301, 302, 307, 308)
    for login in (_login("ada", "wrong"), _login("bob", PASSWORD), _login("# who may", ""), "Bearer x"):
        assert edge.send("GET", path, [("Host", HOST), *headers.items(), ("Authorization", login)]).status != 200


def test_who_guesses_passwords_is_slowed_down(edge: Edge) -> None:
    found = [edge.ask("/admin/few/", Authorization=_login("ada", f"guess {number}")).status for number in range(4)]
    assert found == [401, 401, 429, 429]
    assert edge.ask("/admin/few/", Authorization=_login("ada", PASSWORD)).status == 429


def test_a_secret_is_in_no_file_of_the_release(admins: dict[str, str]) -> None:
    for kind in ("nginx", "traefik"):
        services = {"app": plain(port=8000), "edge": {"kind": kind, "routes": ROUTES}}
        release = parcel(services, admins)
        name, hashed = admins["admins"].split("\n")[1].split(":")
        assert "usersFile" in str(release.files) or "auth_basic_user_file" in str(release.files)
        written = json.dumps([release.files, release.services, list(release.upstreams)], default=str)
        assert hashed not in written
        assert f"{name}:" not in written
        other = parcel(services, {"admins": admins["admins"] + "# another\n"})
        assert other.digest == release.digest


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_an_edge_without_the_file_lets_nobody_in(kind: str, tmp_path: Path, admins: dict[str, str]) -> None:
    """As the one that a rollout replaces, while both have the new configuration."""
    routes = [{"path": "/admin/", "to": "app", "basic_auth": "admins"}, {"path": "/", "to": "app"}]
    with running(kind, tmp_path, routes=routes, secrets=admins, with_secrets=False) as started:
        for login in ({}, {"Authorization": _login("ada", PASSWORD)}):
            assert started.ask("/admin/", **login).status in (401, 403)
        assert started.ask("/").status == 200


# Errors


@pytest.mark.parametrize("code", [413, 417, 418, 421, 429, 502, 503, 504])
@pytest.mark.parametrize("headers", [{}, {"Accept": "text/event-stream"}])
def test_an_error_of_the_application_is_its_own(edge: Edge, code: int, headers: dict[str, str]) -> None:
    reply = edge.ask(f"/status?code={code}", **headers)
    assert (reply.status, reply.body, reply.all("content-type")) == (code, b"{}", ["application/json"])


# The log


def test_the_log_has_paths_and_no_queries(edge: Edge) -> None:
    """A query may have a token, and a log goes to many places."""
    token, path = secrets.token_urlsafe(12), f"/cut/{secrets.token_hex(4)}"
    edge.ask(f"{path}?token={token}")
    deadline = time.monotonic() + 10
    while path not in edge.log():
        assert time.monotonic() < deadline, edge.log()
        time.sleep(0.1)
    assert token not in edge.log()
    (line,) = [json.loads(line) for line in edge.log().splitlines() if path in line]
    assert line["uri" if edge.kind == "nginx" else "RequestPath"] == path
