"""HTTPS with a real nginx and a real Traefik: what it speaks, whom it refuses, and what is left over HTTP."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_edge import HOST, RELEASE, Edge, Reply, arrived, running

OTHER = "other.example.com"


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    keys: dict[str, Any] = {"tls": {"source": "acme"}, "domains": ["*.shop.example.com"]}
    with running(request.param, tmp_path_factory.mktemp("edge"), **keys) as found:
        yield found


def _header(reply: Reply, name: str) -> str:
    (value,) = reply.all(name)
    return value


def test_an_application_learns_that_it_is_https(edge: Edge) -> None:
    reply = edge.ask_securely("/page?a=b")
    found = arrived(reply)
    assert (found["x-forwarded-proto"], found["x-forwarded-port"], found["host"]) == (["https"], ["443"], [HOST])
    assert _header(reply, "x-release") == RELEASE
    assert _header(reply, "strict-transport-security") == "max-age=31536000"
    assert _header(reply, "x-content-type-options") == "nosniff"


def test_a_client_cannot_say_how_it_came(edge: Edge) -> None:
    found = arrived(edge.ask_securely(X_Forwarded_Proto="http", X_Forwarded_Port="80"))
    assert (found["x-forwarded-proto"], found["x-forwarded-port"]) == (["https"], ["443"])


@pytest.mark.parametrize(
    ("version", "expected"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_the_versions_that_are_spoken(edge: Edge, version: ssl.TLSVersion, expected: str) -> None:
    with edge.secured(maximum_version=version) as connection:
        assert connection.version() == expected
        assert str(connection.cipher()[0]).startswith(("ECDHE-", "TLS_"))  # type: ignore[index]


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_ones_are_refused(edge: Edge, version: str) -> None:
    words = ["openssl", "s_client", "-connect", f"{edge.address}:8443", "-servername", HOST, version]
    # Of its own accord a client of today would not try.
    done = subprocess.run([*words, "-cipher", "DEFAULT@SECLEVEL=0"], input="", capture_output=True, text=True)
    assert done.returncode == 1
    assert "alert protocol version" in done.stderr


def test_http2_is_spoken(edge: Edge) -> None:
    with edge.secured(protocols=["h2", "http/1.1"]) as connection:
        assert connection.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("name", [OTHER, "shop.example.com.evil.test"])
def test_a_name_without_a_certificate_is_refused(edge: Edge, name: str) -> None:
    with pytest.raises(OSError, match=r"(?i)unrecognized name|certificate"), edge.secured(name=name):
        pass


def test_a_name_below_has_the_certificate(edge: Edge) -> None:
    assert arrived(edge.ask_securely(host="www.shop.example.com", name="www.shop.example.com"))


def test_a_request_for_another_name_than_that_of_tls_is_misdirected(edge: Edge) -> None:
    assert edge.ask_securely(host=OTHER).status == 421


def test_over_http_there_is_the_way_to_https(edge: Edge) -> None:
    reply = edge.ask("/page?a=b%20c")
    # Traefik has 301 for a GET.
    assert reply.status == (308 if edge.kind == "nginx" else 301)
    assert _header(reply, "location") == f"https://{HOST}/page?a=b%20c"
    assert edge.ask("/page", method="POST").status == 308
    assert not reply.all("strict-transport-security")


def test_over_http_the_health_check_is_answered(edge: Edge) -> None:
    assert edge.ask("/healthz").status == 200
    assert edge.ask_securely("/healthz").status == 200


def test_over_http_nobody_else_is_answered(edge: Edge) -> None:
    if edge.kind == "nginx":
        with pytest.raises(OSError, match=r".*"):
            edge.ask("/", host=OTHER)
    else:
        assert edge.ask("/", host=OTHER).status == 421


def test_an_authority_is_answered_over_http(edge: Edge) -> None:
    """nginx serves the answers. For Traefik the host does, while a certificate is issued, and nobody at other times."""
    reply = edge.ask("/.well-known/acme-challenge/none")
    assert reply.status == (404 if edge.kind == "nginx" else 502)
    assert edge.ask("/.well-known/acme-challenge/../../page").status != 200


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_a_load_balancer_may_speak_http(kind: str, tmp_path: Path) -> None:
    """TLS ends at it. What it got over HTTPS is answered, and not led to HTTPS once more."""
    limited = {"path": "/few/", "to": "app", "max_body": "10b", "rate_limit": {"rate": "1/m", "burst": 1}}
    guarded = {"path": "/office/", "to": "app", "allow": ["198.51.100.0/24"]}
    keys: dict[str, Any] = {"routes": [limited, guarded, {"path": "/", "to": "app"}], "real_ip_from": ["GATEWAY"]}
    with running(kind, tmp_path, tls={"source": "internal", "hsts": 60}, https_port=8443, **keys) as edge:
        assert _header(edge.ask_securely(), "strict-transport-security") == "max-age=60"
        for said in ("https", "HTTPS", "wss"):
            reply = edge.ask("/page?a=b", X_Forwarded_Proto=said)
            assert _header(reply, "strict-transport-security") == "max-age=60"
        found = arrived(edge.ask("/page", X_Forwarded_Proto="https"))
        assert (found["x-forwarded-proto"], found["x-forwarded-port"]) == (["https"], ["443"])
        socket = {"Upgrade": "websocket", "Connection": "upgrade", "Sec-WebSocket-Key": "a" * 22 + "=="}
        assert edge.send("GET", "/", [("Host", HOST), ("X-Forwarded-Proto", "https"), *socket.items()]).status == 101
        # What guards a route guards it here, too.
        large = [("Host", HOST), ("X-Forwarded-Proto", "https"), ("Content-Length", "11")]
        assert edge.send("POST", "/few/", large).status == 413
        client = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "203.0.113.9"}
        assert {edge.ask("/few/", **client).status for _ in range(6)} == {200, 429}
        assert edge.ask("/office/", **client).status == 403
        assert edge.ask("/office/", X_Forwarded_Proto="https", X_Forwarded_For="198.51.100.7").status == 200
        # What it got over HTTP is led to HTTPS, and so is what it says nothing of.
        for headers in ({"X_Forwarded_Proto": "http"}, {"X_Forwarded_Proto": "httpsx"}, {}):
            assert _header(edge.ask("/page", **headers), "location") == f"https://{HOST}:8443/page"


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_nobody_else_says_that_tls_has_ended(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path, tls={"source": "internal"}, real_ip_from=["192.0.2.1"]) as edge:
        for said in ("https", "wss"):
            reply = edge.ask("/page", X_Forwarded_Proto=said, X_Forwarded_For="192.0.2.1")
            assert _header(reply, "location") == f"https://{HOST}/page"


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_what_guards_a_route_guards_it_over_https(kind: str, tmp_path: Path) -> None:
    guarded = {"path": "/office/", "to": "app", "allow": ["198.51.100.0/24"]}
    limited = {"path": "/few/", "to": "app", "rate_limit": {"rate": "1/m", "burst": 1}, "strip_prefix": True}
    routes = [guarded, limited, {"path": "/", "to": "app", "headers": {"X-Robots-Tag": "none"}}]
    with running(kind, tmp_path, tls={"source": "acme"}, routes=routes) as edge:
        assert edge.ask_securely("/office/a").status == 403
        assert {edge.ask_securely("/few/a").status for _ in range(6)} == {200, 429}
        reply = edge.ask_securely("/a")
        assert (_header(reply, "x-robots-tag"), _header(reply, "strict-transport-security")) == (
            "none",
            "max-age=31536000",
        )


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
@pytest.mark.parametrize("tls", [{}, {"source": "acme"}])
def test_further_names_lead_to_the_domain(kind: str, tls: dict[str, Any], tmp_path: Path) -> None:
    names = ["www.shop.example.com", "*.shop.example.net"]
    with running(kind, tmp_path, redirects=names, **({"tls": tls} if tls else {})) as edge:
        target = f"{'https' if tls else 'http'}://{HOST}/a?b=c%20d"
        for name in ("www.shop.example.com", "old.shop.example.net"):
            assert _header(edge.ask("/a?b=c%20d", host=name), "location") == target
            assert edge.ask("/a", method="POST", host=name).status == 308
        assert edge.ask("/healthz", host="www.shop.example.com").status == 200
        if tls:
            secure = edge.ask_securely("/a?b=c%20d", host="www.shop.example.com", name="www.shop.example.com")
            assert _header(secure, "location") == target
            assert edge.ask_securely().status == 200
        else:
            assert edge.ask().status == 200


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_without_a_redirect_both_serve(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path, tls={"source": "files", "redirect": False, "hsts": 60}) as edge:
        assert arrived(edge.ask())["x-forwarded-proto"] == ["http"]
        assert _header(edge.ask_securely(), "strict-transport-security") == "max-age=60"
