"""Who and what passes through the edge: a real nginx and a real Traefik in front of an application."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.headers import CLAIMS, NEVER

from tests.support.real_edge import HOST, RELEASE, Edge, arrived

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
        "a.B.shops.example.com.",
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
    found = arrived(edge.send("GET", f"http://{HOST}/api/", [("Host", "evil.example")]))
    assert (found["host"], found["x-forwarded-host"]) == ([HOST], [HOST])
    assert edge.send("GET", "http://evil.example/api/", [("Host", HOST)]).status == 421


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:8080", "localhost"])
def test_without_a_domain_any_name_is_answered(nameless: Edge, host: str) -> None:
    found = arrived(nameless.ask("/", host=host))
    assert (found["host"], found["x-forwarded-host"]) == ([host], [host])
    assert nameless.send("GET", "/", [], "HTTP/1.0").status == 200


def test_the_port_that_the_client_used_is_passed_on(edge: Edge) -> None:
    for host, port in ((HOST, "80"), (f"{HOST}:8443", "8443")):
        found = arrived(edge.ask("/", host=host))
        assert (found["host"], found["x-forwarded-host"], found["x-forwarded-port"]) == ([host], [host], [port])


# Headers


def test_what_a_client_claims_does_not_arrive(edge: Edge) -> None:
    own = [*CLAIMS, *NEVER]
    set_by_edge = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-IP"]
    variants = [name.replace("-", mark) for name in [*own, *set_by_edge] for mark in ("_", ".")]
    claimed = [(name, "forged") for name in [*own, *set_by_edge, *variants, *(name.upper() for name in own)]]
    for start in range(0, len(claimed), 60):
        found = arrived(edge.send("GET", "/", [("Host", HOST), *claimed[start : start + 60]]))
        assert [name for name, values in found.items() if any("forged" in value for value in values)] == []
        assert found["x-forwarded-for"] == found["x-real-ip"] == [edge.gateway]
        assert found["x-forwarded-proto"] == ["http"]


def test_a_connection_header_does_not_remove_what_the_edge_says(edge: Edge) -> None:
    named = "close, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Forwarded-Host"
    found = arrived(edge.send("GET", "/", [("Host", HOST), ("Connection", named)]))
    assert found["x-forwarded-for"] == found["x-real-ip"] == [edge.gateway]
    assert (found["x-forwarded-proto"], found["x-forwarded-host"]) == (["http"], [HOST])


def test_other_headers_arrive(edge: Edge) -> None:
    found = arrived(
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
        found = arrived(behind.send("GET", "/", [("Host", HOST), *part]))
        # Traefik writes its own name into X-Forwarded-Server.
        assert {name for name, _ in part if found.get(name.lower()) != ["said"]} <= {"X-Forwarded-Server"}
    named = {
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": f"{HOST}:444",
        "X-Forwarded-Port": "444",
    }
    found = arrived(behind.send("GET", "/", [("Host", HOST), *named.items()]))
    assert found["x-forwarded-for"][0].startswith("198.51.100.7")
    assert {name: found[name.lower()] for name in list(named)[1:]} == {n: [v] for n, v in list(named.items())[1:]}


def test_even_a_load_balancer_does_not_say_everything(behind: Edge) -> None:
    found = arrived(behind.send("GET", "/", [("Host", HOST), *((name, "said") for name in NEVER)]))
    assert not {name.lower() for name in NEVER} & set(found)


def test_the_default_port_follows_from_the_scheme(behind: Edge) -> None:
    found = arrived(behind.ask("/", X_Forwarded_Proto="https"))
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
        assert not {"upgrade", "http2-settings"} & set(arrived(reply))
